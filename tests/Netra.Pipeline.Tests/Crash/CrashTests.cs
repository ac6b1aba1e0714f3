using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Crash;

/// <summary>
/// The real server on its real log is killed at random moments under writers and readers, and started again on the same files, over and
/// over (spec D1, D4, D5, D6, D8). The test speaks the wire alone. <c>NETRA_CRASH_ROUNDS</c> says how often, <c>NETRA_CRASH_SEED</c>
/// repeats what a failure names; when exactly the kill hits is up to the machine.
/// </summary>
[TestFixture]
[NonParallelizable]
internal sealed class CrashTests
{
    private static readonly string[] Users = ["ada", "bob", "cyd", "dan"];

    // Now and then the server is stopped instead, so that the one way of ending is not taken for the other.
    private const int CleanEvery = 5;

    private static readonly TimeSpan RoundPatience = TimeSpan.FromMinutes(3);

    [Test]
    public async Task Server_KilledAtRandomMoments_LosesDoublesAndReordersNothing()
    {
        var rounds = ChaosSettings.Read("NETRA_CRASH_ROUNDS", 15);
        var seed = ChaosSettings.Read("NETRA_CRASH_SEED", Random.Shared.Next());
        TestContext.Out.WriteLine($"{rounds} rounds, NETRA_CRASH_SEED={seed}");
        var began = TimeProvider.System.GetTimestamp();
        var random = new Random(seed);
        var journal = new Journal();
        var auditor = new LedgerAuditor(LedgerAnswer.ReadAsync, journal);
        var writers = CreateWriters(random, journal);
        var readers = CreateReaders(random, journal);
        var folder = Directory.CreateTempSubdirectory("netra-crash-").FullName;

        for (var round = 1; round <= rounds && journal.Violations.Count == 0; round++)
        {
            await LiveOnceAsync(folder, round, TimeSpan.FromMilliseconds(random.Next(200, 900)), writers, readers, auditor, journal)
                .WaitAsync(RoundPatience);
        }

        var kills = Enumerable.Range(1, rounds).Count(static round => !EndsWell(round));
        await SettleAsync(folder, rounds + 1, kills, writers, readers, auditor, journal).WaitAsync(RoundPatience);

        TestContext.Out.WriteLine(
            $"{journal.Promises.Count} receipts, {journal.Sightings.Count} events seen, {writers.Sum(static w => w.Retries.Again)} "
            + $"published again of which {writers.Sum(static w => w.Retries.Replayed)} were stored, "
            + $"{writers.Sum(static w => w.Forgotten)} cut off for good, {readers.Sum(static r => r.Connections)} connections, "
            + $"{readers.Sum(static r => r.Protocol.Gaps.Count)} gaps, "
            + $"{readers.Sum(static r => r.Protocol.Duplicates)} duplicates dropped, {auditor.Samples} ledgers, the last {auditor.Last}, "
            + $"{TimeProvider.System.GetElapsedTime(began).TotalSeconds:F0} s");
        journal.ShouldHaveNoViolations($"NETRA_CRASH_SEED={seed} NETRA_CRASH_ROUNDS={rounds}; the server's files are left in {folder}");
        Directory.Delete(folder, recursive: true);
    }

    private static WriterClient[] CreateWriters(Random random, Journal journal)
        =>
        [
            .. Enumerable.Range(0, 6)
                .Select(i => new WriterClient($"writer{i}", Users, asLines: i % 3 == 0, TimeSpan.Zero, random.Next(), journal))
        ];

    private static ReaderClient[] CreateReaders(Random random, Journal journal)
    {
        // Two devices a user. The first ones have all that is kept in view, so that everything is acknowledged in the end.
        (ReaderTemper First, ReaderTemper Second, bool SecondFromNow)[] pairs =
        [
            (ReaderTemper.Steady, ReaderTemper.Dropping, false),
            (ReaderTemper.Lagging, ReaderTemper.Absent, false),
            (ReaderTemper.Dropping, ReaderTemper.Steady, true),
            (ReaderTemper.Absent, ReaderTemper.Lagging, true),
        ];
        return [.. Users.Zip(pairs).SelectMany(pair => new[]
        {
            new ReaderClient($"{pair.First}/1 {pair.Second.First}", pair.First, pair.Second.First, fromNow: false, random.Next(), journal),
            new ReaderClient(
                $"{pair.First}/2 {pair.Second.Second}", pair.First, pair.Second.Second, pair.Second.SecondFromNow, random.Next(), journal),
        })];
    }

    private static bool EndsWell(int round) => round % CleanEvery == 0;

    private static async Task LiveOnceAsync(
        string folder, int round, TimeSpan until, WriterClient[] writers, ReaderClient[] readers, LedgerAuditor auditor, Journal journal)
    {
        await using var server = Start(folder);
        using var life = new ServerLife(await server.WhenListeningAsync(), round);

        // Before anybody is there to acknowledge: what the restart itself makes of the accounts.
        await auditor.SampleAsync(life);
        Task[] clients = [.. writers.Select(w => w.RunAsync(life)), .. readers.Select(r => r.RunAsync(life)), auditor.RunAsync(life)];
        await Task.Delay(until, TimeProvider.System);
        life.BeginEnd();
        await (EndsWell(round) ? server.StopAsync() : server.KillAsync());
        await life.EndAsync();
        await Task.WhenAll(clients);
        Report(server, life, journal);
    }

    // The last life: everything that has no answer gets one, everybody reads to the head, and a client without a
    // past reads all that is kept.
    private static async Task SettleAsync(
        string folder, int number, int kills, WriterClient[] writers, ReaderClient[] readers, LedgerAuditor auditor, Journal journal)
    {
        await using var server = Start(folder);
        using var life = new ServerLife(await server.WhenListeningAsync(), number);
        await auditor.SampleAsync(life);
        Task[] clients = [.. writers.Select(w => w.RunAsync(life)), .. readers.Select(r => r.RunAsync(life)), auditor.RunAsync(life)];
        await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        await life.EndAsync();
        await Task.WhenAll(clients);
        foreach (var writer in writers)
        {
            await writer.SettleAsync(life);
        }

        ReaderClient[] fresh =
            [.. Users.Select(user => new ReaderClient($"{user}/fresh", user, ReaderTemper.Steady, fromNow: false, seed: 0, journal))];
        await Task.WhenAll(readers.Concat(fresh).Select(reader => reader.ReadToHeadAsync(life)));
        foreach (var one in fresh)
        {
            CrashVerdict.Judge(one, readers.Where(reader => reader.UserId == one.UserId), kills, journal);
            await auditor.CompareAsync(life, one);
        }

        await auditor.SampleAsync(life);
        Report(server, life, journal);
    }

    private static ServerProcess Start(string folder) => ServerProcess.Start("Development", $"--Netra:DataDirectory={folder}");

    private static void Report(ServerProcess server, ServerLife life, Journal journal)
    {
        foreach (var critical in server.Critical)
        {
            journal.Violation($"The server logged at CRITICAL in life {life.Number}: {critical}");
        }
    }
}
