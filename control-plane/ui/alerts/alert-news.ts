import { Observable } from '../observable.ts';

/** An alert that changed its state, as the event `alert` of a live stream tells it. */
export interface AlertNews {
  readonly rule: string;
  readonly state: string;
  readonly severity?: string;
  readonly value?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

const MAX_NEWS = 3;

/** Alerts that came while the page was open, newest last, until the reader puts them away. */
class AlertNewsList extends Observable {
  items: readonly AlertNews[] = [];

  add(json: string): void {
    this.items = [...this.items, JSON.parse(json) as AlertNews].slice(-MAX_NEWS);
    this.changed();
  }

  dismiss(item: AlertNews): void {
    this.items = this.items.filter((other) => other !== item);
    this.changed();
  }
}

export const alertNews = new AlertNewsList();
