/** What a silence concerns. */
export interface SilenceDraft {
  readonly rule?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Silence extends SilenceDraft {
  readonly from?: string;
  readonly to?: string;
  readonly weekly?: {
    readonly days: readonly string[];
    readonly start: string;
    readonly end: string;
    readonly timezone: string;
  };
  readonly comment?: string;
}
