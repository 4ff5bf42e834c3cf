import { useObservable } from '../observable.ts';
import { Icon } from '../parts/icon.tsx';
import { Link } from '../parts/link.tsx';
import { NO_MATCHES } from '../text/find-matches.ts';
import { MessageText } from '../text/message-text.tsx';
import { lookOfAlert } from './alert.ts';
import { alertNews } from './alert-news.ts';

/** Alerts that came while the page was open. */
export function AlertNewsPanel() {
  const { items } = useObservable(alertNews);
  return (
    <div class="news" role="status" aria-label="New alerts">
      {items.map((item) => (
        <div key={item.id}>
          <p>
            <span class={`tag ${lookOfAlert(item)}`}>{item.state}</span>{' '}
            <Link to="/ui/alerts">{item.rule}</Link>{' '}
            <MessageText text={Object.values(item.labels).join(' ')} matches={NO_MATCHES} />
          </p>
          <button
            type="button"
            class="plain"
            aria-label={`Put away ${item.rule}`}
            onClick={() => alertNews.dismiss(item)}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
