using System.Text.Json;

namespace Netra.Pipeline.Client.Publishing;

/// <summary>What a user wants of the backend (docs/protocol.md, section 9.11). It comes at least once, under one id.</summary>
/// <param name="CommandId">The command.</param>
/// <param name="UserId">Whose it is.</param>
/// <param name="ThreadId">The thread.</param>
public abstract record PublisherCommand(string CommandId, string UserId, string ThreadId)
{
    /// <summary>Of which tenant the user is; null for none.</summary>
    public string? TenantId { get; init; }

    internal static PublisherCommand? Read(JsonElement line)
    {
        var (id, user, thread) = (Text("command_id"), Text("user_id"), Text("thread_id"));
        PublisherCommand? command = Text("command") switch
        {
            "cancel_run" => new CancelRunCommand(id, user, thread, Text("run_id")),
            "answer" => new AnswerCommand(id, user, thread, Text("run_id"), Text("request_id"), Any("value"), Text("by")),
            "chat_message" => new ChatMessageCommand(id, user, thread, Text("message_id"), Text("content"), Value("data")),
            _ => null,
        };
        return command is null ? null : command with { TenantId = Value("tenant_id")?.GetString() };

        // An answer may be null, too.
        JsonElement Any(string name) => line.GetProperty(name).Clone();

        string Text(string name) => line.GetProperty(name).GetString()!;

        JsonElement? Value(string name)
            => line.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.Clone() : null;
    }
}

/// <summary>A run is to be cancelled.</summary>
/// <param name="CommandId">The command.</param>
/// <param name="UserId">Whose it is.</param>
/// <param name="ThreadId">The thread.</param>
/// <param name="RunId">The run.</param>
public sealed record CancelRunCommand(string CommandId, string UserId, string ThreadId, string RunId)
    : PublisherCommand(CommandId, UserId, ThreadId);

/// <summary>What a run has asked is answered.</summary>
/// <param name="CommandId">The command.</param>
/// <param name="UserId">Whose it is.</param>
/// <param name="ThreadId">The thread.</param>
/// <param name="RunId">The run.</param>
/// <param name="RequestId">What it has asked.</param>
/// <param name="Value">The answer.</param>
/// <param name="By">Who gave it.</param>
public sealed record AnswerCommand(
    string CommandId, string UserId, string ThreadId, string RunId, string RequestId, JsonElement Value, string By)
    : PublisherCommand(CommandId, UserId, ThreadId);

/// <summary>A user has written something.</summary>
/// <param name="CommandId">The command.</param>
/// <param name="UserId">Whose it is.</param>
/// <param name="ThreadId">The thread.</param>
/// <param name="MessageId">The id that the user's device gave it.</param>
/// <param name="Content">The words.</param>
/// <param name="Data">What the application has added, if it has.</param>
public sealed record ChatMessageCommand(
    string CommandId, string UserId, string ThreadId, string MessageId, string Content, JsonElement? Data)
    : PublisherCommand(CommandId, UserId, ThreadId);
