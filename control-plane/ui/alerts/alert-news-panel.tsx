import { useObservable } from '../observable.ts';
import { Icon } from '../parts/icon.tsx';
import { Link } from '../parts/link.tsx';
import { alertNews } from './alert-news.ts';

/** Alerts that came while the page was open. */
export function AlertNewsPanel() {
  const { items } = useObservable(alertNews);
  return (
    <div class="news" role="status" aria-label="Alerts that came in">
      {items.map((item) => (
        <div key={`${item.rule} ${JSON.stringify(item.labels)} ${item.state}`}>
          <p>
            <Link to="/ui/alerts">{item.rule}</Link>: {item.state}
            {item.value !== undefined && ` (${item.value})`}
          </p>
          <button type="button" class="plain" aria-label="Put away" onClick={() => alertNews.dismiss(item)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
