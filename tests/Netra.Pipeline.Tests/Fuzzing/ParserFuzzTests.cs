using System.Diagnostics.CodeAnalysis;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Security;

namespace Netra.Pipeline.Tests.Fuzzing;

/// <summary>
/// Each parser of bytes that somebody else has made, under inputs that are nearly right: it reads or refuses, throws nothing else, ends,
/// takes memory for what it was given and no more, and keeps none. Alone, since memory is measured. <c>NETRA_FUZZ_INPUTS</c> says how many,
/// <c>NETRA_FUZZ_SEED</c> repeats.
/// </summary>
[TestFixture]
[NonParallelizable]
internal sealed class ParserFuzzTests
{
    private const string Secret = "a secret of a test, and of nothing else at all";

    // What an input may take at most, beside what it may for each of its bytes.
    private const int BytesOfAny = 512 * 1024;

    // What is pooled and compiled on the way stays.
    private const long MostKept = 8 * 1024 * 1024;

    private readonly TokenIssuer _tokens = TokenIssuer.OfSecret(Secret);
    private PipelineHost _host = null!;
    private Dictionary<string, FuzzTarget> _targets = null!;

    private static IEnumerable<string> Names =>
    [
        "client messages", "server messages", "published events", "events that are too long", "lines of events",
        "acknowledgements of commands", "stored events", "ids of events", "stored keys of runs", "stored ranges",
        "a key's body", "a configuration of alerts",
        "a calculation", "a question", "handshakes", "lines of the PROXY protocol", "Forwarded", "origins", "hosts",
        "offers of extensions", "queries", "cursors of event streams", "percent-encoding", "trace contexts", "media types", "tokens",
        "payloads of tokens", "credentials in requests", "API keys", "patterns of users", "identifiers", "sets of keys", "public keys",
        "lists of proxies and origins", "command lines",
    ];

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await PipelineHost.StartAsync(
            settings:
            [
                .. _tokens.Settings(Secret),
                ("Netra:Authentication:TenantClaim", "tenant"),
                ("AllowedHosts", "chat.example.com;*.example.com"),
            ],
            environment: "Production");
        _targets = MessageTargets.All()
            .Concat(RequestTargets.All(_host.Services))
            .Concat(CredentialTargets.All(_host.Services, _tokens, Secret))
            .ToDictionary(static target => target.Name, StringComparer.Ordinal);
        Assert.That(_targets.Keys, Is.EquivalentTo(Names));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _host.DisposeAsync();
        _tokens.Dispose();
    }

    [TestCaseSource(nameof(Names))]
    public async Task Parser_InputsThatAreNearlyRight_ReadsOrRefusesAndKeepsNothing(string name)
    {
        var target = _targets[name];
        var inputs = FuzzSettings.Inputs(50_000) / _targets.Count;
        var seed = FuzzSettings.Seed + name.Aggregate(0, static (hash, c) => unchecked((hash * 31) + c));
        var run = new FuzzRun(target, seed);
        foreach (var sample in target.Samples)
        {
            await target.ReadAsync(sample);
        }


        // What is compiled, loaded and grown once belongs to no input.
        await run.GoAsync(Math.Min(500, inputs / 4), isMeasured: false);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var began = TimeProvider.System.GetTimestamp();

        await run.GoAsync(inputs, isMeasured: true);

        var took = TimeProvider.System.GetElapsedTime(began);
        var kept = GC.GetTotalMemory(forceFullCollection: true) - before;
        FuzzSettings.Tell(
            $"| {name} | {inputs:N0} | {inputs / took.TotalSeconds:N0} | {run.MostAllocated / 1024.0:N0} | {kept / 1024.0:N0} | "
            + $"{FuzzSettings.Seed} |");
        Assert.That(kept, Is.LessThan(MostKept));
    }

    /// <summary>Inputs for one parser, one after the other, from one seed.</summary>
    private sealed class FuzzRun(FuzzTarget target, int seed)
    {
        private readonly Mutator _mutator = new(seed);
        private byte[] _input = [];
        private long _done;

        /// <summary>What an input took at most.</summary>
        public long MostAllocated { get; private set; }

        public async Task GoAsync(int inputs, bool isMeasured)
        {
            var going = Task.Run(() => ReadAllAsync(inputs, isMeasured));
            while (!going.IsCompleted)
            {
                var done = Interlocked.Read(ref _done);
                await Task.WhenAny(going, Task.Delay(TestClient.Patience, TimeProvider.System));
                Assert.That(going.IsCompleted || Interlocked.Read(ref _done) > done, Is.True, () => $"it hangs: {Describe()}");
            }

            await going;
        }

        [SuppressMessage("Design", "CA1031", Justification = "Whatever is thrown is told with the input that did it.")]
        private async Task ReadAllAsync(int inputs, bool isMeasured)
        {
            for (var i = 0; i < inputs; i++)
            {
                _input = _mutator.Next(target.Samples);
                var thread = Environment.CurrentManagedThreadId;
                var before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    await target.ReadAsync(_input);
                }
                catch (Exception exception)
                {
                    throw new AssertionException($"{exception.GetType().Name}: {exception.Message}; {Describe()}", exception);
                }

                // What waited for another thread has gone on there, and is not measured.
                var allocated = Environment.CurrentManagedThreadId == thread ? GC.GetAllocatedBytesForCurrentThread() - before : 0;
                if (isMeasured && allocated > BytesOfAny + ((long)target.BytesPerByte * _input.Length))
                {
                    throw new AssertionException($"it took {allocated} bytes for {_input.Length}; {Describe()}");
                }

                MostAllocated = isMeasured ? Math.Max(MostAllocated, allocated) : 0;
                Interlocked.Increment(ref _done);
            }
        }

        private string Describe()
            => $"input {_done} of '{target}', NETRA_FUZZ_SEED={FuzzSettings.Seed}: {Convert.ToBase64String(_input)}";
    }
}
