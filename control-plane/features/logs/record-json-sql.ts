import { INDEXED_FIELDS } from '../../../pipeline/record/log-record.ts';
import { NO_OBSERVED_TIME } from '../../../pipeline/store/columns.ts';
import { timeText } from '../../query/compile-sql.ts';

/**
 * SQL of the result of `formatRecord` for a row, with levels in upper case. With it an export only passes bytes on; in JavaScript it took
 * 13 µs a record and 100 MB and held up everything else. A test compares the two.
 */
export const RECORD_JSON_SQL = `concat(
  '{"id":"', toString(seq), '","timestamp":"', ${timeText('timestamp')},
  '","level":"', upper(toString(level)), '","message":', toJSONString(message),
  ${INDEXED_FIELDS.map(indexedFieldSql).join(',\n  ')},
  if(observed_digits = ${NO_OBSERVED_TIME}, '', concat(',"observed_timestamp":"', ${timeText('observed_timestamp')}, '"')),
  if(severity_text = '', '', concat(',"severity_text":', toJSONString(severity_text))),
  if(attributes = '{}', '}', concat(',', substring(attributes, 2))))`;

/** With these settings `toJSONString` writes the same as `JSON.stringify`. */
export const RECORD_JSON_SETTINGS = { output_format_json_escape_forward_slashes: 0 };

/** SQL of a field's JSON member; empty where the attributes have the field as it was sent. */
function indexedFieldSql(field: string): string {
  const held = `position(attributes, '"${field}":') > 0 AND JSONHas(attributes, '${field}')`;
  return `if(${field} = '' OR (${held}), '', concat(',"${field}":', toJSONString(${field})))`;
}
