/** What went wrong, announced to screen readers at once; nothing where nothing did. */
export function Problem({ text }: { readonly text: string | undefined }) {
  return text ? (
    <p class="problem" role="alert">
      {text}
    </p>
  ) : null;
}
