using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Client;

/// <summary>
/// Messages to the backend that wait for their answers, over connections: their ids are idempotency keys (docs/protocol.md, sections 4.6,
/// 9.10 and 9.11), so a message whose answer was lost with its connection is sent again on the next one. Safe for any number of threads.
/// </summary>
internal sealed class PendingRequests(EventClientOptions options, ClientMetrics metrics)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Pending> _pending = new(StringComparer.Ordinal);
    private Outbox? _outbox;

    /// <summary>Sends a message and waits for its answer.</summary>
    public async Task<AcceptedMessage> SendAsync(string id, byte[] message, CancellationToken cancellationToken)
    {
        if (message.Length > ProtocolConstants.DefaultMaxClientMessageBytes)
        {
            throw new ArgumentException(
                $"The message has {message.Length} bytes; it may have {ProtocolConstants.DefaultMaxClientMessageBytes}.", nameof(message));
        }

        var pending = Add(id, message);
        try
        {
            var answer = await pending.Answer.Task.WaitAsync(options.RequestTimeout, options.Time, cancellationToken);
            metrics.Requested("accepted");
            return answer;
        }
        catch (TimeoutException)
        {
            metrics.Requested("unanswered");
            throw pending.WasSent
                ? new RequestException(
                    "unanswered", $"The server has not answered '{id}' within {options.RequestTimeout} (RequestTimeout).")
                : new RequestException(
                    "not_connected", $"There was no connection for {options.RequestTimeout} (RequestTimeout): '{id}' was not sent.");
        }
        catch (RequestException)
        {
            metrics.Requested("refused");
            throw;
        }
        finally
        {
            lock (_gate)
            {
                _pending.Remove(id);
            }
        }
    }

    /// <summary>There is a connection: all that waits goes out on it.</summary>
    public void Connected(Outbox outbox)
    {
        lock (_gate)
        {
            _outbox = outbox;
            foreach (var pending in _pending.Values)
            {
                pending.Send(outbox);
            }
        }
    }

    public void Disconnected()
    {
        lock (_gate)
        {
            _outbox = null;
        }
    }

    public void Accepted(AcceptedMessage answer) => Take(answer.Id)?.TrySetResult(answer);

    /// <returns>Whether the error answers a message that waits.</returns>
    public bool TryRefuse(ErrorMessage error)
        => error.Id is { } id && Take(id) is { } answer && answer.TrySetException(new RequestException(error.Code, error.Message));

    private Pending Add(string id, byte[] message)
    {
        lock (_gate)
        {
            if (_pending.Count >= options.MaxPendingRequests)
            {
                throw new SendBufferFullException(
                    $"{_pending.Count} messages wait for their answers, as many as may (MaxPendingRequests); '{id}' was not taken.");
            }

            var pending = new Pending(message);
            if (!_pending.TryAdd(id, pending))
            {
                throw new ArgumentException($"A message with the id '{id}' waits for its answer already.", nameof(id));
            }

            if (_outbox is not null)
            {
                pending.Send(_outbox);
            }

            return pending;
        }
    }

    private TaskCompletionSource<AcceptedMessage>? Take(string id)
    {
        lock (_gate)
        {
            return _pending.Remove(id, out var pending) ? pending.Answer : null;
        }
    }

    private sealed class Pending(byte[] message)
    {
        public TaskCompletionSource<AcceptedMessage> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool WasSent { get; private set; }

        public void Send(Outbox outbox)
        {
            outbox.Send(message);
            WasSent = true;
        }
    }
}
