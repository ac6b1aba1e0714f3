export function Avatar({ userId }: { readonly userId: string }) {
  return <span class="avatar" aria-hidden="true">{userId.slice(0, 1).toUpperCase()}</span>;
}
