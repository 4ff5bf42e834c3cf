import t from 'tap';
import { LineJoiner } from '../../../../pipeline/ingest/transforms/join-lines.ts';
import { KINDS, PREFIXES } from './line-kinds.ts';

/** The events of a text, in the order of their first lines. */
function events(text: string): string[] {
  const joiner = new LineJoiner();
  const joined = text.split('\n').flatMap((line) => joiner.push(line));
  joined.push(...joiner.flush());
  return joined.sort((a, b) => a.firstLine - b.firstLine).map((event) => event.text);
}

t.test('each kind as it stands, and behind the prefixes of writers', async (t) => {
  for (const [kind, variants] of Object.entries(KINDS)) {
    for (const variant of variants) {
      const wanted = variant.filter((event) => event !== '');
      t.same(events(variant.join('\n')), wanted, `${kind}: ${variant[0]!.slice(0, 80)}`);
      const text = variant.join('\n');
      // Lines that are read as something else behind a prefix, as documented there.
      if (/^\[\S+:\d+\] |^Process |^0x|^\0/m.test(text) || variant.includes('')) continue;
      for (const prefix of PREFIXES) {
        if (/[\]>]:$/.test(prefix) && /^ \S/m.test(text)) continue;
        const behind = variant.map((event) => event.replace(/^/gm, prefix));
        const found = events(behind.join('\n'));
        t.same(
          found,
          behind.filter((_, at) => variant[at] !== ''),
          `behind ${prefix}: ${variant[0]!.slice(0, 80)}`,
        );
      }
    }
  }
});

t.test('two writers, line by line in turn', async (t) => {
  for (const [kind, variants] of Object.entries(KINDS)) {
    for (const variant of variants) {
      const text = variant.filter((event) => event !== '').join('\n');
      if (/^Process /m.test(text)) continue;
      const mixed = text.split('\n').flatMap((line) => [`[rank0]: ${line}`, `[rank1]: ${line}`]);
      const alone = events(text.replace(/^/gm, '[rank0]: '));
      const found = events(mixed.join('\n')).filter((event) => event.startsWith('[rank0]'));
      t.same(found, alone, `${kind}: ${variant[0]!.slice(0, 80)}`);
    }
  }
});
