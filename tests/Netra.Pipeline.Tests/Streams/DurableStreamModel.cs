using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Sqlite;

using StreamRun = Netra.Pipeline.Streams.StreamRun;

namespace Netra.Pipeline.Tests.Streams;

/// <summary>
/// What one user's stream on a disk must be like after each step: which numbers were given to what, what is stored, and what is lost.
/// </summary>
internal sealed class DurableStreamModel : IAsyncDisposable
{
    private const string UserId = "ada";
    private static readonly StreamOptions Settings = new() { WindowEvents = 16 };

    private readonly Random _random;
    private readonly SqliteFolder _root = new();
    private readonly Dictionary<long, string> _given = [];
    private readonly HashSet<long> _stored = [];
    private readonly List<ModelDevice> _devices;
    private SqliteFolder _folder;
    private SqliteEventLog _log = null!;
    private UserStream _stream = null!;
    private StreamRun _run = null!;
    private long _head;
    private long _expired;
    private long _lifeStart;
    private int _markers;
    private int _lives;

    private DurableStreamModel(Random random)
    {
        (_random, _folder) = (random, _root);
        _devices = [new ModelDevice(this), new ModelDevice(this), new ModelDevice(this)];
    }

    public static async Task<DurableStreamModel> StartAsync(Random random)
    {
        var model = new DurableStreamModel(random);
        await model.OpenAsync();
        return model;
    }

    public Task EmitAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var marker = $"m{++_markers}";
            var draft = new EventDraft(
                _random.Next(4) == 0 ? EventType.AgentThinking : EventType.Token,
                TimeProvider.System.GetUtcNow(),
                OwnerTag.Of(UserId),
                StreamHarness.Body(EventType.Token, marker),
                _stream.ExpectedSeq);
            var outcome = _stream.Append(draft, _run, requireRoom: false);
            Assert.That(outcome.Kind, Is.EqualTo(AppendKind.Accepted));
            Assert.That(outcome.Seq, Is.EqualTo(_head + 1), "no number is left out while the process lives");
            Assert.That(_given.TryAdd(outcome.Seq, marker), Is.True, $"{outcome.Seq} was given before");
            _head = outcome.Seq;
        }

        return Task.CompletedTask;
    }

    public Task ConnectAsync()
    {
        var absent = _devices.Where(static d => !d.IsConnected).ToArray();
        if (absent.Length > 0)
        {
            absent[_random.Next(absent.Length)].Connect(_stream, _log.Epoch, _random.Next(8, 40), joins: _random.Next(2) == 0);
        }

        return Task.CompletedTask;
    }

    public Task ReadAsync(int frames) => AnyConnected() is { } device ? device.ReadAsync(frames) : Task.CompletedTask;

    public Task AcknowledgeAsync()
    {
        AnyConnected()?.Acknowledge();
        return Task.CompletedTask;
    }

    public Task DropAsync()
    {
        AnyConnected()?.Drop();
        return Task.CompletedTask;
    }

    public async Task WaitUntilStoredAsync()
    {
        await _stream.Stages.WhenCommittedAsync(_head).WaitAsync(TestClient.Patience);
        RememberStored();
    }

    /// <summary>Another program holds the file, so that commits fail for a while; then they succeed, and nothing is lost.</summary>
    public async Task FailCommitsAsync()
    {
        await WaitUntilStoredAsync();
        using (var other = SqliteDatabase.Open(_folder.Database, readOnly: false, TimeSpan.FromSeconds(5)))
        {
            other.BeginWriting();
            await EmitAsync(1);
            await Eventually.BecomesTrueAsync(() => _log.Trouble is not null, "the log noticed");
            var draft = new EventDraft(
                EventType.Token,
                TimeProvider.System.GetUtcNow(),
                OwnerTag.Of(UserId),
                "\"type\":\"token\",\"data\":{}}"u8,
                _stream.ExpectedSeq);
            Assert.That(
                _stream.Append(draft, _run, requireRoom: false).Kind,
                Is.EqualTo(AppendKind.LogFailed),
                "nothing is taken, and nothing numbered, meanwhile");
            other.Rollback();
        }

        await Eventually.BecomesTrueAsync(() => _log.Trouble is null, "the log recovered");
        await WaitUntilStoredAsync();
    }

    public async Task ExpireAsync()
    {
        await WaitUntilStoredAsync();
        foreach (var range in await _log.ExpireAsync(DateTimeOffset.MaxValue, CancellationToken.None))
        {
            _expired = range.Range.To;
        }

        _stored.RemoveWhere(seq => seq <= _expired);
    }

    public async Task UnloadAsync()
    {
        DropAll();
        await WaitUntilStoredAsync();
        Assert.That(_stream.TryEvictNow(), Is.True);
        await _stream.ReleaseAsync(CancellationToken.None);
        await LoadAsync();
        Assert.That(_stream.ExpectedSeq, Is.EqualTo(_head + 1));
    }

    public async Task RestartAsync()
    {
        DropAll();
        Assert.That(await _stream.CloseAsync(isErased: false, CancellationToken.None), Is.True);
        RememberStored();
        await _stream.ReleaseAsync(CancellationToken.None);
        await _log.DisposeAsync();
        await OpenAsync();
        Assert.That(_stream.ExpectedSeq, Is.EqualTo(_head + 1), "nothing is skipped after a clean end");
    }

    /// <summary>The process ends here: what it had not committed is gone, and its successor finds the files as they are.</summary>
    public async Task CrashAsync()
    {
        var left = _folder.Copy();
        foreach (var device in _devices)
        {
            device.Lose();
        }

        await _log.DisposeAsync();
        _folder = left;
        await OpenAsync();
        Assert.That(_stream.ExpectedSeq, Is.GreaterThan(_head + 1), "no number that may have been given is given again");
        _head = _lifeStart = _stream.ExpectedSeq - 1;
    }

    public void CheckBooks()
    {
        var account = _stream.Snapshot().Account;
        Assert.That(account.Unaccounted, Is.Zero, account.ToString());
    }

    public void CheckEvent(EventMessage message)
    {
        var due = string.Empty;
        for (var seq = message.FromSeq ?? message.Seq; seq <= message.Seq; seq++)
        {
            due += _given.GetValueOrDefault(seq);
        }

        Assert.That(message.Data.GetProperty("delta").GetString(), Is.EqualTo(due), $"numbers {message.FromSeq} to {message.Seq}");
    }

    public void CheckGap(GapMessage gap)
    {
        Assert.That(gap.Certain, Is.EqualTo(gap.Cause == GapCause.Expired));
        Assert.That(gap.Cause == GapCause.Expired ? gap.To <= _expired : gap.Cause == GapCause.ServerRestart, Is.True, gap.ToString());
        Assert.That(
            _stored.Where(seq => seq >= gap.From && seq <= gap.To),
            Is.Empty,
            $"what was stored, and has not expired, is not passed over: {gap}");
    }

    /// <summary>A new device gets everything that was stored, and the others get to the head.</summary>
    public async Task CheckEverythingAsync()
    {
        await WaitUntilStoredAsync();
        var fresh = new ModelDevice(this);
        _devices.Add(fresh);
        foreach (var device in _devices)
        {
            if (!device.IsConnected)
            {
                device.Connect(_stream, _log.Epoch, queueFrames: 64, joins: _random.Next(2) == 0);
            }

            await device.CheckCaughtUpAsync(_head);
            device.Acknowledge();
        }

        CheckBooks();
        Assert.That(_stream.Snapshot().Account.Pending, Is.Zero, "the fresh device has all that is kept");
    }

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        _root.Dispose();
    }

    private async Task OpenAsync()
    {
        _log = await _folder.StartAsync(static options =>
        {
            options.TokenDelay = TimeSpan.FromMilliseconds(3);
            options.CriticalDelay = TimeSpan.FromMilliseconds(1);
            options.BusyTimeout = TimeSpan.Zero;
        });
        await LoadAsync();
    }

    private async Task LoadAsync()
    {
        var budget = new WindowBudget(Microsoft.Extensions.Options.Options.Create(Settings));
        _stream = await UserStream.OpenAsync(
            new StreamServices(_log, Settings, budget, StreamObservers.None, TimeProvider.System),
            UserId,
            run: null,
            CancellationToken.None);
        await _stream.Storage.ClaimAsync(CancellationToken.None);
        _run = await _stream.Runs.EnterAsync("t", $"r{++_lives}", agentName: null, CancellationToken.None);
    }

    private void RememberStored() => _stored.UnionWith(_given.Keys.Where(seq => seq > _expired && seq > _lifeStart));

    private void DropAll()
    {
        foreach (var device in _devices)
        {
            device.Drop();
        }
    }

    private ModelDevice? AnyConnected()
    {
        var connected = _devices.Where(static d => d.IsConnected).ToArray();
        return connected.Length > 0 ? connected[_random.Next(connected.Length)] : null;
    }
}
