interface Props {
  readonly onAsk: (question: string) => void;
}

const suggestions = ['What is (17 + 25) * 3?', 'How does overflow work?', 'What is 1/0?', 'Delete the draft', 'Count slowly to 20'];

export function EmptyState({ onAsk }: Props) {
  return (
    <section class="empty">
      <h2>Ask something, and watch it being answered</h2>
      <p>Every step of the agent appears here as it happens. When something fails, you will see that too.</p>
      <ul class="suggestions">
        {suggestions.map((question) => (
          <li key={question}>
            <button type="button" onClick={() => onAsk(question)}>{question}</button>
          </li>
        ))}
      </ul>
    </section>
  );
}
