/** What went wrong, told at once to whoever does not see it too; nothing where nothing did. */
export function Problem({ text }: { readonly text: string | undefined }) {
  return text ? (
    <p class="problem" role="alert">
      {text}
    </p>
  ) : null;
}
