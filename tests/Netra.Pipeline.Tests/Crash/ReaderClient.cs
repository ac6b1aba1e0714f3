using System.Net.WebSockets;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Crash;

/// <summary>
/// A device of one user that lives longer than the server: it connects, handles, acknowledges, is cut off or goes, and resumes
/// where it stood. One thread at a time.
/// </summary>
internal sealed class ReaderClient
{
    /// <summary>For how long one that stalls does not read.</summary>
    public static readonly TimeSpan Stall = TimeSpan.FromSeconds(7);

    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    private readonly ReaderTemper _temper;
    private readonly Random _random;
    private long _acknowledged;
    private bool _owesAck;

    /// <param name="name">Names it in complaints.</param>
    /// <param name="userId">Whose device it is.</param>
    /// <param name="temper">How it behaves.</param>
    /// <param name="fromNow">Whether it begins with what comes next, instead of all that is kept.</param>
    /// <param name="seed">Decides what it leaves to chance.</param>
    /// <param name="journal">Is told everything.</param>
    public ReaderClient(string name, string userId, ReaderTemper temper, bool fromNow, int seed, Journal journal)
    {
        (Name, UserId, _temper) = (name, userId, temper);
        _random = new Random(seed);
        Protocol = new ReaderProtocol(name, userId, fromNow, journal);
    }

    public string Name { get; }

    public string UserId { get; }

    public ReaderProtocol Protocol { get; }

    public int Connections { get; private set; }

    /// <summary>Lives through one life of the server, in its own way.</summary>
    public async Task RunAsync(ServerLife life)
    {
        if (_temper == ReaderTemper.Absent && _random.Next(3) > 0)
        {
            return;
        }

        while (!life.Over.IsCancellationRequested && !life.IsEnding)
        {
            var stay = _temper is ReaderTemper.Dropping ? TimeSpan.FromMilliseconds(_random.Next(1, 150)) : Timeout.InfiniteTimeSpan;
            await VisitAsync(life, stay, toHead: false);
            if (!life.IsEnding)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(1, 30)), TimeProvider.System);
            }
        }
    }

    /// <summary>
    /// Connects once more, handles everything up to the head of that moment, acknowledges it, and says goodbye. The server must be at rest.
    /// </summary>
    public async Task ReadToHeadAsync(ServerLife life)
    {
        var patience = TimeProvider.System.GetTimestamp();
        while (!await VisitAsync(life, Timeout.InfiniteTimeSpan, toHead: true))
        {
            if (TimeProvider.System.GetElapsedTime(patience) > TestClient.Patience)
            {
                Protocol.Complain(life, $"did not reach the head; it stands at {Protocol.Cursor}");
                return;
            }
        }
    }

    // Returns whether it has reached the head, if it was to.
    private async Task<bool> VisitAsync(ServerLife life, TimeSpan stay, bool toHead)
    {
        try
        {
            Connections++;
            using var invoker = _temper == ReaderTemper.Stalling ? SmallReceiveBuffer.Invoker() : null;
            await using var client = await TestClient.ConnectAsync(
                new Uri($"ws://127.0.0.1:{life.Port}/ws?user_id={UserId}{Protocol.Query}"), invoker: invoker);
            Protocol.OnWelcome(client.Welcome, life);
            _acknowledged = Protocol.Cursor;
            _owesAck = false;
            return await StayAsync(client, life, stay, toHead);
        }
        catch (Exception exception)
            when (exception is WebSocketException or IOException or AssertionException or OperationCanceledException)
        {
            // A send is cancelled by its own socket when a read has found meanwhile that the peer is gone.
            if (MustLive(life))
            {
                Protocol.Complain(life, $"was cut off at {Protocol.Cursor} while the server lived: {exception}");
                return toHead;
            }

            return false;
        }
    }

    private async Task<bool> StayAsync(TestClient client, ServerLife life, TimeSpan stay, bool toHead)
    {
        var (arrived, lastAck) = (TimeProvider.System.GetTimestamp(), TimeProvider.System.GetTimestamp());
        var ackInterval = TimeSpan.FromMilliseconds(client.Welcome.AckIntervalMs);
        var reading = client.ReadOrEndAsync();
        try
        {
            while (true)
            {
                if (toHead
                    ? Protocol.Cursor >= client.Welcome.Seq
                    : life.Over.IsCancellationRequested || (stay > TimeSpan.Zero && TimeProvider.System.GetElapsedTime(arrived) >= stay))
                {
                    if (toHead || _random.Next(4) == 0)
                    {
                        reading = SayGoodbyeAsync(client, reading);
                        await reading;
                    }

                    return toHead;
                }

                var lags = _temper == ReaderTemper.Lagging && !toHead;
                if (!lags && Protocol.Cursor > _acknowledged
                    && (_owesAck
                        || Protocol.Cursor - _acknowledged >= client.Welcome.AckEvery
                        || TimeProvider.System.GetElapsedTime(lastAck) >= ackInterval))
                {
                    await AcknowledgeAsync(client);
                    lastAck = TimeProvider.System.GetTimestamp();
                }

                if (!reading.IsCompleted)
                {
                    await Task.WhenAny(reading, Task.Delay(Glance, TimeProvider.System));
                    continue;
                }

                if (await reading is not { } message)
                {
                    return OnClosed(client, life, toHead);
                }

                await OnMessageAsync(client, message, life);
                reading = client.ReadOrEndAsync();
                if (lags && _random.Next(30) == 0)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(1, 40)), TimeProvider.System);
                }
                else if (_temper == ReaderTemper.Stalling && !toHead && _random.Next(500) == 0)
                {
                    await Task.Delay(Stall, TimeProvider.System);
                }
            }
        }
        finally
        {
            client.Socket.Abort();
            await reading.ContinueWith(static read => _ = read.Exception, TaskScheduler.Default);
        }
    }

    private async Task OnMessageAsync(TestClient client, ServerMessage message, ServerLife life)
    {
        switch (message)
        {
            case EventMessage numbered:
                _owesAck |= Protocol.OnEvent(numbered, client.LastMessage, life);
                break;
            case GapMessage gap:
                Protocol.OnGap(gap, life);
                break;
            case PingMessage ping:
                await client.PongAsync(ping, Protocol.Cursor > 0 ? Protocol.Cursor : null);
                _acknowledged = Protocol.Cursor;
                break;
            case ErrorMessage { Severity: "critical" } error:
                Protocol.Complain(life, $"was told {error}");
                break;
        }
    }

    private async Task AcknowledgeAsync(TestClient client)
    {
        await client.AckAsync(Protocol.Cursor);
        (_acknowledged, _owesAck) = (Protocol.Cursor, false);
    }

    // What still comes is not handled: it comes again after the resume.
    private async Task<ServerMessage?> SayGoodbyeAsync(TestClient client, Task<ServerMessage?> reading)
    {
        if (Protocol.Cursor > _acknowledged)
        {
            await AcknowledgeAsync(client);
        }

        using var patience = new CancellationTokenSource(TestClient.Patience);
        await client.Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, patience.Token);
        try
        {
            while (await reading is not null)
            {
                reading = client.ReadOrEndAsync();
            }
        }
        catch (WebSocketException)
        {
            // The server closes first, and the socket's own answer to a ping from before meets nobody any more.
        }

        return null;
    }

    private bool OnClosed(TestClient client, ServerLife life, bool toHead)
    {
        if (MustLive(life))
        {
            Protocol.Complain(
                life, $"was closed at {Protocol.Cursor} with {client.Socket.CloseStatus} {client.Socket.CloseStatusDescription}");
            return toHead;
        }

        return false;
    }

    // Whoever does not read is left by the server, rightly.
    private bool MustLive(ServerLife life) => !life.IsEnding && _temper != ReaderTemper.Stalling;
}
