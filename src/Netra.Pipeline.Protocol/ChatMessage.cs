using System.Text.Json;

namespace Netra.Pipeline.Protocol;

/// <summary><c>chat_message</c>: what a person wrote, for the backend's handler.</summary>
/// <param name="Id">Chosen by the client, 1 to 128 characters; comes back in <c>accepted</c> or <c>error</c>.</param>
/// <param name="ThreadId">
/// The thread it belongs to. Only its type is checked here: a thread that is not valid is answered, not a reason to end the connection.
/// </param>
/// <param name="Content">The text; may be empty.</param>
/// <param name="Data">Anything the application adds, or <see langword="null"/>.</param>
public sealed record ChatMessage(string Id, string ThreadId, string Content, JsonElement? Data = null) : ClientMessage;
