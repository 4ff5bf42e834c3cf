import { Observable, useObservable } from './observable.ts';
import { remember, remembered } from './storage.ts';

export type Theme = 'system' | 'dark' | 'light';

export interface SettingValues {
  readonly theme: Theme;
  /** Long lines are broken. */
  readonly wrap: boolean;
  /** Times are shown in UTC in place of the browser's zone. */
  readonly utc: boolean;
  readonly showMachine: boolean;
  /** Single keys work; WCAG 2.1.4 wants that they can be turned off. */
  readonly keys: boolean;
  readonly facets: boolean;
}

const DEFAULTS: SettingValues = {
  theme: 'system',
  wrap: false,
  utc: false,
  showMachine: false,
  keys: true,
  facets: true,
};

/** What a reader chose for every page, kept in this browser. */
class Settings extends Observable {
  values: SettingValues = { ...DEFAULTS, ...remembered<Partial<SettingValues>>('settings', {}) };

  constructor() {
    super();
    this.#applyTheme();
    matchMedia('(prefers-color-scheme: light)').addEventListener('change', () => this.changed());
  }

  set(values: Partial<SettingValues>): void {
    this.values = { ...this.values, ...values };
    remember('settings', this.values);
    this.#applyTheme();
    this.changed();
  }

  get isDark(): boolean {
    const { theme } = this.values;
    return theme === 'system' ? !matchMedia('(prefers-color-scheme: light)').matches : theme === 'dark';
  }

  toggleTheme(): void {
    this.set({ theme: this.isDark ? 'light' : 'dark' });
  }

  #applyTheme(): void {
    const { theme } = this.values;
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }
}

export const settings = new Settings();

export const useSettings = () => useObservable(settings);
