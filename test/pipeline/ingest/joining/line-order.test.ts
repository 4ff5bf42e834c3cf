import t from 'tap';
import { LineJoiner } from '../../../../pipeline/ingest/transforms/join-lines.ts';
import { Chance } from '../../../chance.ts';
import { type Crash, createScene, INFO, STACK } from './line-scene.ts';

const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');

t.test('pieces of a file that come in another order are read in the order of their offsets', async (t) => {
  const scene = createScene();
  const [first, second, third] = STACK as [string, string, string];
  const whole = text(STACK);
  await scene.sendPart(text([first]), 0);
  await scene.sendPart(whole, text([first, second, third]).length);
  t.same(scene.messages(), []);
  await scene.sendPart(text([first, second, third]), text([first]).length);
  await scene.silence();
  t.same(scene.messages(), [STACK.join('\n')]);
  t.match(scene.files(), [{ bytes_written: whole.length, bytes_stored: whole.length, holes: [] }]);
});

t.test('offsets are no fields of records', async (t) => {
  const scene = createScene();
  const whole = text([INFO, INFO, INFO]);
  for (let request = 0; request < 3; request++)
    await scene.sendPart(whole.slice(0, (request + 1) * text([INFO]).length), request * text([INFO]).length);
  await scene.silence();
  t.same(
    scene.stored().map(({ attributes }) => attributes),
    ['{}', '{}', '{}'],
  );
});

t.test('random order, cuts and ends of the server: the records are those of the whole file', async (t) => {
  const chance = new Chance(20261202);
  for (let round = 0; round < 30; round++) {
    const lines = Array.from({ length: 12 }, (_, event) =>
      chance.share() < 0.6
        ? STACK.map((line) => line.replace('bad', `bad ${event} \u00fc`))
        : [`${INFO} ${event}`],
    ).flat();
    const whole = new LineJoiner();
    const expected = [...lines.flatMap((line) => whole.push(line)), ...whole.flush()].map(
      (event) => event.text,
    );
    const pieces: { from: number; to: number }[] = [];
    for (let at = 0; at < lines.length; ) {
      const to = Math.min(lines.length, at + 1 + chance.below(6));
      pieces.push({ from: at, to });
      at = to;
    }
    // Neighbours change places; the first one says where the file begins.
    for (let index = 1; index + 1 < pieces.length; index++)
      if (chance.share() < 0.4) [pieces[index], pieces[index + 1]] = [pieces[index + 1]!, pieces[index]!];
    const scene = createScene();
    const send = async ({ from, to }: { from: number; to: number }, moment?: Crash) =>
      scene
        .sendPart(text(lines.slice(0, to)), text(lines.slice(0, from)).length, moment)
        .catch(() => 'refused');
    for (const piece of pieces) {
      const moment = chance.pick([undefined, undefined, 'before the lines', 'behind the lines'] as const);
      if ((await send(piece, moment)) !== 'refused') continue;
      if (chance.share() < 0.5) await scene.restart();
      await send(piece);
    }
    await scene.silence();
    t.same(scene.messages().sort(), expected.sort(), `round ${round}`);
    const bytes = Buffer.byteLength(text(lines));
    t.match(scene.files(), [{ bytes_written: bytes, bytes_stored: bytes, holes: [] }]);
  }
});
