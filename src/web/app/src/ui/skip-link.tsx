/** The first thing on the page for whoever goes through it with the keyboard. */
export function SkipLink() {
  return (
    <button type="button" class="skip" onClick={() => document.getElementById('composer-input')?.focus()}>
      Skip to your question
    </button>
  );
}
