import type { RouteFamily } from '../../http/api.ts';
import { describe, optionalText } from '../../http/parameters.ts';
import { FILTER, toFilter } from '../../http/record-parameters.ts';
import {
  RECORD_EVENTS,
  type RecordStreams,
  respondWithRecords,
  STREAM,
  STREAM_HEADERS,
} from '../../http/record-stream.ts';
import { parseNamedQueries } from '../../read/named-queries.ts';

export function addLogStreamRoutes(api: RouteFamily, streams: RecordStreams): void {
  api.getOrPost(
    '/api/v1/logs/stream',
    {
      operationId: 'streamLogs',
      summary: 'Follow records as they arrive',
      description:
        'Streams the records that match as server-sent events. With `queries`, a record is one event for each query that matches ' +
        'it, under the name of the query.',
      permission: 'read',
      parameters: {
        ...FILTER,
        ...STREAM,
        queries: describe(
          optionalText,
          'Several queries on one stream: a JSON object of queries by name',
          '{"errors": "level:error"}',
        ),
      },
      headers: STREAM_HEADERS,
      events: { ...RECORD_EVENTS, ...streams.notices.events },
      errors: ['rate_limited'],
    },
    (context, { tail, since, follow, after, queries, ...filter }) => {
      const now = Date.now();
      const common = toFilter(filter, now);
      const named =
        queries === undefined ? undefined : parseNamedQueries(queries, common, { now, timezone: filter.tz });
      const past = { tail, since, follow, after, tz: filter.tz };
      respondWithRecords(context, streams, past, named?.filter ?? common, named);
    },
  );
}
