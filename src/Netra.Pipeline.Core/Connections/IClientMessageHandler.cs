namespace Netra.Pipeline.Connections;

/// <summary>
/// What the backend does with messages from chat pages. One instance serves all connections at once. An exception is reported and answered
/// to the page as <c>error{code:"handler_failed"}</c> under the message's id; it never ends the connection.
/// </summary>
public interface IClientMessageHandler
{
    /// <summary>
    /// Handles a <c>chat_message</c>: once, however often the page sends it, unless this throws; then sending it again is another try.
    /// The message is an event of its thread already. It should start long work and return, since a connection has few messages handled at
    /// once.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="ct">Fires when the host stops. A page that has left is no reason to stop: its user comes back for the answer.</param>
    /// <returns>The id of the run it started, for <c>accepted</c>; <see langword="null"/> when it started none.</returns>
    ValueTask<string?> HandleChatMessageAsync(ClientChatMessage message, CancellationToken ct);

    /// <summary>Handles a <c>cancel_run</c>. It must throw when it cancels nothing; otherwise the page is told that it did.</summary>
    /// <param name="message">The message.</param>
    /// <param name="ct">Fires when the host stops.</param>
    /// <returns>A task that ends when the cancellation has been asked for; the run itself ends with <c>agent_cancelled</c>.</returns>
    ValueTask HandleCancelRunAsync(ClientCancelRun message, CancellationToken ct);
}
