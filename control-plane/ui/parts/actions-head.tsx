/** The head of a column of buttons, which name themselves to whoever sees them. */
export function ActionsHead() {
  return (
    <th scope="col">
      <span class="visually-hidden">Actions</span>
    </th>
  );
}
