using Netra.Pipeline.Load.Checks;
using Netra.Pipeline.Load.Clients;
using Netra.Pipeline.Load.Publishing;

namespace Netra.Pipeline.Load.Pages;

/// <summary>One page of a user, over as many connections as it takes. Calls come one at a time, under the lock of its connection.</summary>
/// <param name="run">What all pages share.</param>
/// <param name="index">Which page of the run it is, from 0.</param>
internal abstract class LoadPage(PageRun run, int index) : ClientHandler
{
    private TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isOpen;
    private long _received;
    private long _lastSent;
    private long _openedAt;

    /// <summary>Which page of the run it is, from 0.</summary>
    public int Index => index;

    /// <summary>Who it is, for findings.</summary>
    public abstract string Where { get; }

    /// <summary>How many events have come, none counted twice.</summary>
    public long Received => Volatile.Read(ref _received);

    /// <summary>Whether the run disturbs it: its latencies are told apart from those of the others.</summary>
    public bool IsDisturbed { get; set; }

    /// <summary>Its connection; null before the first one.</summary>
    public WebSocketClient? Client { get; protected set; }

    /// <summary>How many bytes its earlier connections have read.</summary>
    public long BytesOfEnded { get; private set; }

    /// <summary>Why it is not back after an ending; null when it is, or has not tried yet.</summary>
    public string? Refusal { get; set; }

    /// <summary>When it may go to another server, as the present one asked; 0 when it was not asked.</summary>
    public long GoesAt { get; set; }

    /// <summary>When its last connection ended.</summary>
    public long EndedAt { get; private set; }

    /// <summary>Completes when the server has opened the conversation, and not just the socket.</summary>
    public Task Opened => _opened.Task;

    /// <summary>What it shares with the others.</summary>
    protected PageRun Run => run;

    /// <summary>Whether its conversation is open.</summary>
    public bool IsOpen => Volatile.Read(ref _isOpen);

    /// <summary>Where it connects to next; a resume where there is something to resume.</summary>
    public abstract ClientAddress NextAddress();

    /// <summary>Another connection is about to be opened.</summary>
    public void BeginConnection()
    {
        _opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        BytesOfEnded += Client?.BytesRead ?? 0;
        Client = null;
    }

    /// <summary>Nothing more comes: says what is missing.</summary>
    public abstract void Complete();

    public override void OnOpened(WebSocketClient client) => Client = client;

    public override void OnEnded(ClientEnd end)
    {
        _opened.TrySetException(new HandshakeRefusedException(end.Reason));

        // Whoever awaits it has seen it; nobody may.
        _ = _opened.Task.Exception;
        if (_isOpen)
        {
            Volatile.Write(ref _isOpen, false);
            EndedAt = MonotonicClock.Now;
            run.OnEnded(this, end);
        }
    }

    /// <summary>The conversation is open.</summary>
    protected void Open()
    {
        _openedAt = _openedAt == 0 ? MonotonicClock.Now : _openedAt;
        Volatile.Write(ref _isOpen, true);
        _opened.TrySetResult();
    }

    /// <summary>An event has come for the first time.</summary>
    /// <param name="message">The event.</param>
    /// <param name="now">When.</param>
    protected void Count(ReadOnlySpan<byte> message, long now) => Count(EventText.ReadTime(message), now);

    /// <summary>An event has come for the first time.</summary>
    /// <param name="sent">When it was due, or sent; 0 when it does not say.</param>
    /// <param name="now">When.</param>
    protected void Count(long sent, long now)
    {
        _received++;
        if (sent > 0)
        {
            (IsDisturbed ? run.DisturbedLatency : run.Latency).Record(now - sent);
            if (sent < _lastSent && run.IsServerPaced)
            {
                run.Findings.Add(
                    FindingKind.Reordered, Where, $"event {_received} was sent {(_lastSent - sent) / 1e6:F3} ms before the one before it");
            }

            _lastSent = sent;
            if (run.Interval > 0)
            {
                // The first is due an interval after the opening.
                run.Lateness.Record(now - _openedAt - (_received * run.Interval));
            }
        }
    }
}
