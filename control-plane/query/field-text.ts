import type { LogRecord } from '../../pipeline/record/log-record.ts';
import { formatTimestamp } from '../../pipeline/record/timestamp.ts';
import { findAttributes } from './attributes.ts';
import { resolveField } from './field.ts';
import { numberText } from './number-text.ts';

/** Creates a reader of a field's value as the text that `compileFieldValue` groups by; empty where the record does not have the field. */
export function compileFieldText(name: string): (record: LogRecord) => string {
  const field = resolveField(name);
  switch (field.kind) {
    case 'level':
    case 'message':
    case 'severity_text':
      return (record) => record[field.kind];
    case 'column':
      return (record) => record[field.name];
    case 'time':
      return ({ timestamp, observed }) => {
        const time = field.name === 'timestamp' ? timestamp : observed;
        return time ? formatTimestamp(time) : '';
      };
    case 'id':
      return () => '';
    case 'attribute':
      return ({ attributes }) => {
        const json = findAttributes(attributes, field.name)[0] ?? '';
        if (json.startsWith('"')) return JSON.parse(json) as string;
        return /^[-\d]/.test(json) ? numberText(json) : json;
      };
  }
}
