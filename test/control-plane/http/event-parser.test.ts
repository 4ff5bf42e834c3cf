import t from 'tap';
import { EventParser, type SentEvent } from '../../../control-plane/http/event-parser.ts';
import { formatEvent } from '../../../control-plane/http/event-stream.ts';

const CASES: Readonly<Record<string, readonly [stream: string, events: readonly SentEvent[]]>> = {
  'an unnamed event': ['id: 7\ndata: {"a":1}\n\n', [{ name: '', id: '7', data: '{"a":1}' }]],
  'a named event without an id keeps the last one': [
    'id: 7\ndata: x\n\nevent: gap\ndata: y\n\n',
    [
      { name: '', id: '7', data: 'x' },
      { name: 'gap', id: '7', data: 'y' },
    ],
  ],
  'an id without data': ['id: 8\n\n', [{ name: '', id: '8', data: undefined }]],
  'a comment, and a field for browsers alone': [
    ': heartbeat\n\nretry: 1000\n\n',
    [
      { name: '', id: '', data: undefined },
      { name: '', id: '', data: undefined },
    ],
  ],
  'several lines of data': ['data: a\ndata: b\ndata:\n\n', [{ name: '', id: '', data: 'a\nb\n' }]],
  'one space belongs to the field, further ones and colons to the value': [
    'data:  a: b\n\ndata:c\n\n',
    [
      { name: '', id: '', data: ' a: b' },
      { name: '', id: '', data: 'c' },
    ],
  ],
  'data of no characters is data': ['data\n\n', [{ name: '', id: '', data: '' }]],
  'an event that is not complete': ['data: a\n', []],
};

for (const [name, [stream, events]] of Object.entries(CASES)) {
  t.test(name, async (t) => {
    t.same(new EventParser().push(stream), events);
    const parser = new EventParser();
    t.same(
      [...stream].flatMap((character) => parser.push(character)),
      events,
      'in pieces of one character',
    );
  });
}

t.test('reads what the server writes, from where an earlier stream ended', async (t) => {
  const data = JSON.stringify({ message: 'two\nlines: ü' });
  const parser = new EventParser('41');
  t.same(parser.push(formatEvent({ name: 'alert', data }) + formatEvent({ id: '42', data })), [
    { name: 'alert', id: '41', data },
    { name: '', id: '42', data },
  ]);
});
