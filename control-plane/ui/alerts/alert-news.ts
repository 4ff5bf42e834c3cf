import { Observable } from '../observable.ts';
import type { Alert } from './alert.ts';

const MAX_NEWS = 3;

/** Alerts that came over a live stream while the page was open, newest last, until the reader puts them away. */
class AlertNewsList extends Observable {
  items: readonly Alert[] = [];

  add(json: string): void {
    const alert = JSON.parse(json) as Alert;
    if (alert.state === 'pending' || alert.state === 'cleared') return;
    // What an alert was before is no news any more.
    this.items = [...this.items.filter(({ id }) => id !== alert.id), alert].slice(-MAX_NEWS);
    this.changed();
  }

  dismiss(item: Alert): void {
    this.items = this.items.filter((other) => other !== item);
    this.changed();
  }
}

export const alertNews = new AlertNewsList();
