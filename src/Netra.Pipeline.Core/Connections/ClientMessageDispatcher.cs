using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Commands;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Connections;

/// <summary>
/// Handles client messages. Acknowledgements and pongs are handled on the reader's thread; messages for the backend become commands, or go
/// to the handler in the process, in the background and a bounded number at a time, so that a slow handler holds up no acknowledgement.
/// </summary>
internal sealed class ClientMessageDispatcher(
    IEnumerable<IClientMessageHandler> handlers,
    RunAnswers answers,
    UserMessages messages,
    CancelRequests cancels,
    Reauthentication reauthentication,
    PipelineBridge bridge,
    FailureReporter failures,
    IOptions<ConnectionOptions> options,
    TimeProvider time)
{
    private const string NoHandler = "The backend has registered no handler for messages of the page (AddMessageHandler).";

    private readonly IClientMessageHandler? _handler = handlers.LastOrDefault();

    /// <summary>Handles one message.</summary>
    /// <exception cref="ProtocolViolationException">It violates the protocol.</exception>
    public void Dispatch(Connection connection, ReadOnlySpan<byte> message)
    {
        if (ClientMessageReader.TryReadAck(message, out var seq))
        {
            connection.Acknowledge(seq);
            return;
        }

        switch (ClientMessageReader.Read(message))
        {
            case AckMessage ack:
                connection.Acknowledge(ack.Seq);
                break;
            case PongMessage pong:
                connection.OnPong(pong);
                break;
            case ReplayMessage replay:
                connection.ChargeWork();
                var range = new SeqRange(replay.From, replay.To);
                if (!connection.Stream.Pages.TryRequestReplay(connection.Subscription, range, options.Value.MaxReplayRequests))
                {
                    Answer(
                        connection,
                        FailureCode.MessageRejected,
                        $"More than {options.Value.MaxReplayRequests} replay requests wait on this connection.",
                        id: null);
                }

                break;
            case ChatMessage chat:
                HandOver(connection, chat.Id, "chat_message", token => messages.TakeAsync(
                    connection.UserKey,
                    chat,
                    _handler is null ? null : ct => _handler.HandleChatMessageAsync(MessageOf(connection, chat), ct),
                    token));
                break;
            case CancelRunMessage cancel:
                HandOver(connection, cancel.Id, "cancel_run", token => CancelAsync(connection, cancel, token));
                break;
            case AnswerMessage answer:
                HandOver(connection, answer.Id, "answer", async token =>
                {
                    var taken = await answers.AnswerAsync(
                        connection.TenantId,
                        connection.UserId,
                        answer.ThreadId,
                        answer.RunId,
                        answer.RequestId,
                        answer.Value,
                        by: connection.UserId,
                        answer.Id,
                        token);
                    return new CommandAnswer(answer.RunId, taken.IsTaken);
                });
                break;
            case AuthenticateMessage credential:
                connection.ChargeWork();
                reauthentication.Begin(connection, credential);
                break;
            case UnknownClientMessage unknown:
                Answer(connection, FailureCode.UnknownMessage, $"Messages of type '{unknown.Type}' are not known.", id: null);
                break;
            default:
                throw new ProtocolViolationException("The message has a type that is read but not handled.");
        }
    }

    private static ClientChatMessage MessageOf(Connection connection, ChatMessage chat) => new()
    {
        UserId = connection.UserId,
        TenantId = connection.TenantId,
        ConnectionId = connection.Id,
        MessageId = chat.Id,
        ThreadId = chat.ThreadId,
        Content = chat.Content,
        Data = chat.Data is { } data ? JsonNode.Parse(data.GetRawText()) : null,
    };

    private static ClientCancelRun MessageOf(Connection connection, CancelRunMessage cancel) => new()
    {
        UserId = connection.UserId,
        TenantId = connection.TenantId,
        ConnectionId = connection.Id,
        MessageId = cancel.Id,
        ThreadId = cancel.ThreadId,
        RunId = cancel.RunId,
    };

    // A run that goes on in this process, or that is not known, is the handler's.
    private async ValueTask<CommandAnswer?> CancelAsync(Connection connection, CancelRunMessage cancel, CancellationToken token)
    {
        if (await cancels.AskAsync(connection.UserKey, cancel, token) is { } answer)
        {
            return answer;
        }

        if (_handler is null)
        {
            return null;
        }

        await _handler.HandleCancelRunAsync(MessageOf(connection, cancel), token);
        return new CommandAnswer(cancel.RunId, IsTaken: true);
    }

    private void HandOver(Connection connection, string id, string operation, Func<CancellationToken, ValueTask<CommandAnswer?>> handle)
    {
        connection.ChargeWork();
        if (connection.Handling.TryTake(options.Value.MaxMessagesInHandling))
        {
            // Not awaited: it catches everything itself.
            _ = HandleAsync(connection, id, operation, handle);
        }
        else
        {
            Answer(
                connection,
                FailureCode.MessageRejected,
                $"More than {options.Value.MaxMessagesInHandling} messages of this connection are being handled.",
                id);
        }
    }

    private async Task HandleAsync(
        Connection connection, string id, string operation, Func<CancellationToken, ValueTask<CommandAnswer?>> handle)
    {
        // The reader continues at once, whatever the handler does before its first await.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            var answer = await handle(bridge.RunsCancelled);
            if (answer is null)
            {
                Report(connection, id, operation, FailureCode.HandlerMissing, NoHandler, null);
            }

            await connection.AnswerAsync(answer switch
            {
                null => Error(FailureCode.HandlerMissing, NoHandler, id),
                { Refusal: { } refusal } => Error(refusal.Code, refusal.Message, id),
                { } given => ServerMessageWriter.Accepted(id, given.RunId, given.IsTaken),
            });
        }
        catch (PipelineException exception)
        {
            // Told as what it is: the answer to this message, and nothing besides.
            if (exception.TryMarkReported())
            {
                failures.Report(Failure.From(exception) with { ConnectionId = connection.Id, MessageId = id });
            }

            await connection.AnswerAsync(Error(exception.Code, exception.Message, id));
        }
        catch (Exception exception)
        {
            Report(connection, id, operation, FailureCode.HandlerFailed, exception.Message, exception);
            await connection.AnswerAsync(Error(FailureCode.HandlerFailed, exception.Message, id));
        }
        finally
        {
            connection.Handling.Return();
        }
    }

    private void Report(Connection connection, string id, string operation, FailureCode code, string message, Exception? exception)
        => failures.Report(new Failure(code, operation, message)
        {
            UserKey = connection.UserKey,
            ConnectionId = connection.Id,
            MessageId = id,
            Exception = exception,
        });

    private void Answer(Connection connection, FailureCode code, string message, string? id) => connection.Answer(Error(code, message, id));

    private byte[] Error(FailureCode code, string message, string? id) => ConnectionFailures.Answer(code, message, id, time.GetUtcNow());
}
