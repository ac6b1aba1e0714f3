using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Client;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Client;

/// <summary>The event client on the real server: what it reads, acknowledges, sends and survives.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class EventClientTests
{
    [Test]
    public async Task Events_OfARun_ComeTypedOnceInOrderAndAreAcknowledged()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var client = new RecordingClient(host.HttpAddress);
        await client.WhenConnectedAsync();
        await using var emitter = await host.EmitterOfAsync("ada");

        await emitter.AgentStartedAsync("greeter");
        await emitter.ToolExecutingAsync("search");
        await emitter.TokenAsync("Hel");
        await emitter.TokenAsync("lo");
        await emitter.ToolCompletedAsync("search", ToolOutcome.Ok(null, TimeSpan.Zero));
        var last = await emitter.AgentCompletedAsync("greeter");
        await last.WhenAsync(DeliveryStage.Acknowledged, TestClient.Patience);
        await client.WhenAsync(() => client.Numbers.Count == 6, "all are handled");

        Assert.That(client.Numbers, Is.EqualTo(Enumerable.Range(1, 6)));
        Assert.That(client.Handled.OfType<AgentStarted>().Single().AgentName, Is.EqualTo("greeter"));
        Assert.That(client.Handled.OfType<ToolExecuting>().Single().ToolName, Is.EqualTo("search"));
        Assert.That(string.Concat(client.Handled.OfType<Token>().Select(static token => token.Delta)), Is.EqualTo("Hello"));
        Assert.That(((RunEnded)client.Handled[^1]).Run, Is.EqualTo(new RunSummary(6, 1, 6)));
        Assert.That(client.Incomplete, Is.Empty);
        Assert.That(
            client.States.Select(static state => state.Status),
            Is.EqualTo(new[] { ClientStatus.Connecting, ClientStatus.Connected }));
    }

    [TestCase("950000000000000")]
    [TestCase("922337203685477.5")]
    [TestCase("1e300")]
    public async Task Duration_LongerThanATimeCanBe_IsTheLongestAndEndsNothing(string milliseconds)
    {
        await using var host = await PipelineHost.StartAsync();
        await using var client = new RecordingClient(host.HttpAddress);
        using var http = host.CreateClient();

        var (response, _) = await http.PublishAsync(
            $$$"""
            {"user_id":"ada","thread_id":"t1","run_id":"r1","type":"agent_completed",
             "data":{"agent_name":"greeter","duration_ms":{{{milliseconds}}}}}
            """);
        response.EnsureSuccessStatusCode();
        await client.WhenHandledAsync(1);

        Assert.That(((AgentCompleted)client.Handled[0]).Duration, Is.GreaterThan(TimeSpan.FromDays(10_000_000)));
    }

    [Test]
    public async Task Value_ThatIsNull_IsAValue()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var client = new RecordingClient(host.HttpAddress);
        using var http = host.CreateClient();

        var (response, _) = await http.PublishAsync(
            """{"user_id":"ada","thread_id":"t1","run_id":"r1","type":"custom","data":{"name":"mood","value":null}}""");
        response.EnsureSuccessStatusCode();
        await client.WhenHandledAsync(1);

        Assert.That(((CustomEvent)client.Handled[0]).Value.ValueKind, Is.EqualTo(JsonValueKind.Null));
    }

    [Test]
    public async Task Reading_LeftInTheMiddleOfAnEvent_GetsThatEventAgainAndNoOther()
    {
        await using var host = await PipelineHost.StartAsync();
        await EmitTokensAsync(host, 3);
        var options = new EventClientOptions { Address = host.HttpAddress, UserId = "ada", Start = EventStart.Beginning };
        await using var client = new EventClient(options);

        await foreach (var next in client.ReadAsync())
        {
            if (next.FirstSeq >= 2 || next.Seq == 3)
            {
                break;
            }
        }

        Assert.That(client.State.Status, Is.EqualTo(ClientStatus.Disconnected));
        var left = client.Position!.Seq + 1;
        await foreach (var next in client.ReadAsync())
        {
            Assert.That(next.FirstSeq, Is.EqualTo(left));
            break;
        }
    }

    [Test]
    public async Task Handler_ThatThrows_EndsReadingWithItAndIsNotAcknowledged()
    {
        await using var host = await PipelineHost.StartAsync();
        await EmitTokensAsync(host, 1);
        await using var client = new EventClient(
            new EventClientOptions { Address = host.HttpAddress, UserId = "ada", Start = EventStart.Beginning });

        Assert.That(
            async () => await client.RunAsync(static (_, _) => throw new InvalidDataException("no room")).WaitAsync(TestClient.Patience),
            Throws.TypeOf<InvalidDataException>());
        Assert.That(client.Position!.Seq, Is.Zero);
    }

    [Test]
    public async Task Connections_CutStalledAndInSmallPieces_LoseNothingAndDoubleNothing()
    {
        await using var host = await PipelineHost.StartAsync(settings:
        [
            ("Netra:Connections:PingInterval", "00:00:01"), ("Netra:Connections:PingTimeout", "00:00:01"),
        ]);
        await using var relay = new RudeRelay(host.Port, pieceBytes: 7);
        await using var client = new RecordingClient(relay.Address);
        await client.WhenConnectedAsync();

        foreach (var isCut in (bool[])[true, false, true])
        {
            await EmitTokensAsync(host, 20);
            await client.WhenAsync(() => client.Numbers.Count % 20 == 0 && client.Numbers.Count > 0, "all of them are handled");

            // Before the cut: the client may be back before the events are emitted.
            var recoveries = client.Recoveries.Count;
            _ = isCut ? relay.Cut() : relay.Stall();
            await EmitTokensAsync(host, 20);
            await client.WhenAsync(() => client.Recoveries.Count > recoveries, "the client is back");
        }

        await client.WhenAsync(() => client.Numbers.Count == 120, "120 numbers are handled");
        Assert.That(client.Numbers, Is.EqualTo(Enumerable.Range(1, 120)));
        Assert.That(client.Recoveries, Has.All.Matches<Recovery>(static recovery => recovery.IsComplete));
        Assert.That(client.States.Select(static state => state.Reason), Has.Some.Contains("the server went silent"));
        Assert.That(client.Lost, Is.Empty);
    }

    [Test]
    public async Task Application_ThatHardlyMoves_LeavesEventsToTheServerAndGetsThemAll()
    {
        // The client's time runs ahead of what comes to it: silence must not be what it notices first.
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(settings: [("Netra:Connections:PingInterval", "01:00:00")]);
        var gate = new TaskCompletionSource();
        await using var client = new RecordingClient(
            host.HttpAddress,
            configure: options => options with { Time = time, InboxEvents = 4, JoinText = false },
            handle: async (_, _) => await gate.Task);
        await client.WhenConnectedAsync();

        await EmitTokensAsync(host, 50);
        await client.WhenAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(200));
                return client.Client.State.Status == ClientStatus.Recovering;
            },
            "the client says that its application hardly moves");
        Assert.That(client.Client.State.Reason, Does.Contain("InboxEvents"));
        Assert.That(host.Connections.Count, Is.EqualTo(1), "it stays, and answers");
        gate.SetResult();

        await client.WhenHandledAsync(50);
        Assert.That(client.Numbers, Is.EqualTo(Enumerable.Range(1, 50)));
    }

    [Test]
    public async Task SecondClient_OfTheSameFile_GoesOnWhereTheFirstOneStopped()
    {
        await using var host = await PipelineHost.StartAsync();
        var file = Path.GetTempFileName();
        File.Delete(file);
        await EmitTokensAsync(host, 5);
        await using (var first = Stored())
        {
            await first.WhenAsync(() => first.Numbers.Count == 5, "all are handled");
        }

        await EmitTokensAsync(host, 5);
        await using (var second = Stored())
        {
            await second.WhenAsync(() => second.Recoveries.Count == 1, "the others are handled");

            Assert.That(second.Numbers, Is.EqualTo(Enumerable.Range(6, 5)));
            Assert.That(second.Recoveries.Single(), Is.EqualTo(new Recovery(5, IsComplete: true)));
        }

        File.Delete(file);

        RecordingClient Stored() => new(host.HttpAddress, configure: options => options with { Store = new FileResumeStore(file) });
    }

    [Test]
    public async Task Store_ThatFails_EndsReadingWithWhatItSaid()
    {
        await using var host = await PipelineHost.StartAsync();
        await EmitTokensAsync(host, 1);
        await using var client = new EventClient(new EventClientOptions
        {
            Address = host.HttpAddress,
            UserId = "ada",
            Start = EventStart.Beginning,
            Store = new FileResumeStore("/no/such/folder/ada.json"),
        });

        var failure = Assert.ThrowsAsync<EventClientException>(
            async () => await client.RunAsync(static (_, _) => ValueTask.CompletedTask).WaitAsync(TestClient.Patience));

        Assert.That(failure!.Reason, Is.EqualTo(EventClientFailure.ApplicationFailed));
    }

    [TestCase(true, TestName = "Store_ThatIsSlowWhenTheConnectionEnds_IsAskedByOneAtATime")]
    [TestCase(false, TestName = "Store_ThatIsCancelledWithTheConnection_EndsNothingElse")]
    public async Task Store_ThatIsStillAtItWhenTheConnectionEnds(bool answers)
    {
        await using var host = await PipelineHost.StartAsync();
        await using var relay = new RudeRelay(host.Port);
        var store = new SlowStore();
        await using var client = new RecordingClient(relay.Address, configure: options => options with { Store = store });
        await client.WhenConnectedAsync();
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.AgentStartedAsync("greeter");
        await store.IsAsked;
        await emitter.TokenAsync("Hello");
        await client.WhenHandledAsync(2);

        relay.Cut();
        await Eventually.BecomesTrueAsync(() => host.Connections.Count == 0, "the connection is gone");
        if (answers)
        {
            store.Answer();
        }

        await client.WhenAsync(() => client.Recoveries.Count == 1, "the client is back");
        await emitter.AgentCompletedAsync("greeter");
        await client.WhenAsync(() => store.Saved?.Seq == 3, "its place is kept");
        Assert.That(client.Numbers, Is.EqualTo(Enumerable.Range(1, 3)));
        Assert.That(store.MostAtATime, Is.EqualTo(1));
    }

    [Test]
    public async Task Server_ThatComesBackWithAnotherHistory_IsToldAndReadFromItsBeginning()
    {
        await using var before = await PipelineHost.StartAsync();
        await using var relay = new RudeRelay(before.Port);
        await using var client = new RecordingClient(relay.Address);
        await EmitTokensAsync(before, 3);
        await client.WhenAsync(() => client.Numbers.Count == 3, "all are handled");

        await using var after = await PipelineHost.StartAsync();
        await EmitTokensAsync(after, 2);
        relay.Target = after.Port;
        relay.Cut();
        await client.WhenAsync(() => client.Numbers.Count == 5, "those of the other history are handled");

        Assert.That(client.Numbers, Is.EqualTo(new[] { 1, 2, 3, 1, 2 }));
        Assert.That(client.Resets, Is.EqualTo(1));
        await client.WhenAsync(() => client.Recoveries.Count == 1, "it says so");
        Assert.That(client.Recoveries.Single().IsComplete, Is.False);
    }

    [Test]
    public async Task Server_ThatIsNotUnderstood_EndsReadingWithTheReason()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var client = new EventClient(new EventClientOptions { Address = host.HttpAddress });

        var failure = Assert.ThrowsAsync<EventClientException>(
            async () => await client.RunAsync(static (_, _) => ValueTask.CompletedTask).WaitAsync(TestClient.Patience));

        Assert.That(failure!.Message, Does.Contain("HTTP 401").Or.Contain("HTTP 400"));
        Assert.That(client.State.Status, Is.EqualTo(ClientStatus.Failed));
        Assert.That(client.State.Reason, Is.EqualTo(failure.Message));
    }

    [Test]
    public async Task Server_ThatIsTooBusy_IsAskedAgainNoSoonerThanItSays()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync();
        using var handler = new RefusingHandler(HttpStatusCode.TooManyRequests, times: 1, retryAfter: "30");
        await using var client = new RecordingClient(
            host.HttpAddress, configure: options => options with { Time = time, Handler = handler });
        await client.WhenAsync(() => client.Client.State.RetryIn is not null && time.ActiveTimers > 0, "it waits");

        Assert.That(client.Client.State.RetryIn, Is.InRange(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30.5)));
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.That(host.Connections.Count, Is.Zero);
        time.Advance(TimeSpan.FromSeconds(2));
        await client.WhenConnectedAsync();
    }

    [Test]
    public async Task Server_ThatDrains_IsLeftWhenAnotherOneTakesConnections()
    {
        await using var folder = new ServerFolder();
        string[] arguments = [folder.Argument, "--Netra:Hosting:WaitForFolder=00:01:00"];
        await using var first = ServerProcess.Start("Development", arguments);
        var port = await first.WhenReadyAsync();
        await using var client = new RecordingClient(new Uri($"http://127.0.0.1:{port}"));
        await client.WhenConnectedAsync();
        await PublishAsync(port, 3);

        await using var second = ServerProcess.Start("Development", [.. arguments, $"--urls=http://127.0.0.1:{port}"]);
        await Eventually.BecomesTrueAsync(() => second.Output.Contains("waits for it", StringComparison.Ordinal), "the second one waits");
        await first.StopAsync();
        await client.WhenAsync(() => client.Recoveries.Count == 1, "the client is at the second one");
        await PublishAsync(port, 3);
        await client.WhenHandledAsync(6);

        Assert.That(client.Numbers, Is.EqualTo(Enumerable.Range(1, 6)));
        Assert.That(client.Lost, Is.Empty, "a clean end loses no number");
    }

    [Test]
    public async Task Messages_OverACutConnection_AreSentAgainAndAnsweredOnce()
    {
        var handled = new List<string>();
        var handler = new DelegateMessageHandler((message, _) =>
        {
            lock (handled)
            {
                handled.Add(message.Content);
            }

            return ValueTask.FromResult<string?>("r9");
        });
        await using var host = await PipelineHost.StartAsync(
            pipeline => pipeline.Services.AddSingleton<IClientMessageHandler>(handler));
        await using var relay = new RudeRelay(host.Port);
        await using var client = new RecordingClient(relay.Address);
        await client.WhenConnectedAsync();
        relay.Stall();

        var answer = client.Client.SendMessageAsync("t1", "hello", JsonElement.Parse("""{"mood":"good"}"""));
        relay.Cut();

        Assert.That((await answer.WaitAsync(TestClient.Patience)).RunId, Is.EqualTo("r9"));
        await client.WhenHandledAsync(1);
        Assert.That(client.Handled.OfType<UserMessage>().Single().Content, Is.EqualTo("hello"));
        Assert.That(handled, Is.EqualTo(new[] { "hello" }));
        Assert.That(
            async () => await client.Client.CancelRunAsync("t1", "no-such-run"), Throws.TypeOf<RequestException>());
    }

    [Test]
    public async Task Messages_MoreThanMayWait_AreRefusedByName()
    {
        var time = new TestTimeProvider();
        var options = new EventClientOptions { Address = new Uri("http://127.0.0.1:1"), MaxPendingRequests = 1, Time = time };
        await using var client = new EventClient(options);
        var waiting = client.SendMessageAsync("t1", "one");

        Assert.That(
            async () => await client.SendMessageAsync("t1", "two"),
            Throws.TypeOf<SendBufferFullException>().With.Message.Contains("MaxPendingRequests"));
        time.Advance(options.RequestTimeout);
        Assert.That(
            async () => await waiting, Throws.TypeOf<RequestException>().With.Property("Code").EqualTo("not_connected"));
    }

    [Test]
    public void Options_OutOfTheirRange_AreRefusedByNameValueAndLimit()
    {
        var options = new EventClientOptions { Address = new Uri("http://127.0.0.1"), InboxEvents = 0 };

        Assert.That(
            () => new EventClient(options),
            Throws.InstanceOf<ArgumentException>().With.Message.Contains("InboxEvents is 0; it must be from 1"));
        Assert.That(
            () => new EventClient(options with { Address = new Uri("ftp://127.0.0.1"), InboxEvents = 1 }),
            Throws.InstanceOf<ArgumentException>().With.Message.Contains("Address is 'ftp://127.0.0.1/'"));
    }

    private static async Task EmitTokensAsync(PipelineHost host, int count)
    {
        await using var emitter = await host.EmitterOfAsync("ada");
        for (var i = 0; i < count; i++)
        {
            await emitter.TokenAsync($"{i} ");
        }
    }

    private static async Task PublishAsync(int port, int count)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TestClient.Patience };
        for (var i = 0; i < count; i++)
        {
            var (response, _) = await http.PublishAsync(PublishExtensions.TokenJson());
            response.EnsureSuccessStatusCode();
        }
    }

    /// <summary>Keeps the first point when it is told to, or gives up with whoever has asked; the others at once.</summary>
    private sealed class SlowStore : IResumeStore
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private ResumePoint? _saved;
        private int _atOnce;
        private int _mostAtATime;

        public Task IsAsked => _asked.Task.WaitAsync(TestClient.Patience, TimeProvider.System);

        public ResumePoint? Saved => Volatile.Read(ref _saved);

        public int MostAtATime => Volatile.Read(ref _mostAtATime);

        public void Answer() => _answer.TrySetResult();

        public ValueTask<ResumePoint?> LoadAsync(CancellationToken cancellationToken) => new((ResumePoint?)null);

        public async ValueTask SaveAsync(ResumePoint point, CancellationToken cancellationToken)
        {
            var now = Interlocked.Increment(ref _atOnce);
            _mostAtATime = Math.Max(_mostAtATime, now);
            try
            {
                if (_asked.TrySetResult())
                {
                    await _answer.Task.WaitAsync(cancellationToken);
                }

                Volatile.Write(ref _saved, point);
            }
            finally
            {
                Interlocked.Decrement(ref _atOnce);
            }
        }
    }
}
