export function Brand() {
  return (
    <h1 class="brand">
      <img src="favicon.svg" alt="" width="26" height="26" />
      Netra
    </h1>
  );
}
