// What `npx tap test/….test.ts` runs is a source and needs a loader; what the suite runs is compiled and needs none.
if (process.argv[1]?.endsWith('.ts')) await import('tsx');
