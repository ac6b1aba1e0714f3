using System.Text.Json;
using Netra.Pipeline.Tests.Crash;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Client.Chaos;

/// <summary>
/// Clients and publishers of several languages against connections that are cut and stalled at random, and a server that is killed: every
/// event
/// is handled once and in order, and every published key is exactly one event. <c>NETRA_CLIENT_CHAOS_SECONDS</c> (default 8; 120 with the
/// numbers of the issue) says how long, <c>NETRA_CLIENT_CHAOS_CLIENTS</c> and <c>NETRA_CLIENT_CHAOS_PUBLISHERS</c> how many.
/// </summary>
[TestFixture]
[NonParallelizable]
internal sealed class ClientChaosTests
{
    private const int EventsPerSecond = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan BetweenKills = TimeSpan.FromSeconds(5);

    [Test]
    public async Task Clients_OfAllKinds_HandleEachEventOnceAndEachKeyIsOneEvent()
    {
        var length = TimeSpan.FromSeconds(ChaosSettings.Read("NETRA_CLIENT_CHAOS_SECONDS", 8));
        var (clients, publishers) = (
            ChaosSettings.Read("NETRA_CLIENT_CHAOS_CLIENTS", 24), ChaosSettings.Read("NETRA_CLIENT_CHAOS_PUBLISHERS", 6));
        var seed = ChaosSettings.Read("NETRA_CRASH_SEED", Random.Shared.Next());
        TestContext.Out.WriteLine($"{length} with {clients} clients and {publishers} publishers, NETRA_CRASH_SEED={seed}");
        string[] users = [.. Enumerable.Range(0, Math.Max(2, clients / 12)).Select(static i => $"user{i}")];
        await using var chaos = await ChaosServer.StartAsync(new Random(seed));
        var (readers, programs) = StartReaders(chaos.Address, users, clients);
        var (dotnet, python) = StartPublishers(chaos.Address, users, publishers);
        try
        {
            await chaos.RageAsync(length, BetweenKills);
            var receipts = await EndAsync(dotnet, python);
            await JudgeAsync(chaos, readers, programs, receipts);
        }
        finally
        {
            foreach (var reader in readers)
            {
                await reader.DisposeAsync();
            }

            foreach (var publisher in dotnet)
            {
                await publisher.DisposeAsync();
            }

            python.Dispose();
            programs.ForEach(static program => program.Dispose());
        }
    }

    // A client of another language is a program that reads until its input ends (ChaosProgram). Its last word is the head of each user;
    // then
    // it says a line a reader, {"name","user","frames":[[from,to,[key,…]],…],"lost":[[from,to],…],"faults":[…]}.
    private static (List<ChaosReader> Readers, List<ChaosProgram> Programs) StartReaders(Uri address, string[] users, int clients)
    {
        var inNode = File.Exists(Repository.PathOf("src/web/client/dist/index.js")) ? clients / 2 : 0;
        if (inNode == 0)
        {
            TestContext.Out.WriteLine("The TypeScript client is not built: all clients are .NET's.");
        }

        return (
            [
                .. Enumerable.Range(0, clients - inNode).Select(
                    i => new ChaosReader(address, $"dotnet{i}", users[i % users.Length], joins: i % 3 != 0))
            ],
            inNode == 0 ? [] : [new ChaosProgram("node", InNode(address, users, inNode))]);
    }

    private static IEnumerable<string> InNode(Uri address, string[] users, int clients) =>
    [
        // Node 20 has a WebSocket only when it is told so.
        "--experimental-websocket",
        Repository.PathOf("tests/clients/chaos_reader.mjs"),
        $"{address}",
        "node",
        $"{clients}",
        .. users,
    ];

    private static (List<ChaosPublisher> Dotnet, ChaosProgram Python) StartPublishers(Uri address, string[] users, int publishers)
    {
        var half = publishers / 2;
        return (
            [
                .. Enumerable.Range(0, publishers - half).Select(
                    i => new ChaosPublisher(address, $"net{i}", users, TimeSpan.FromSeconds(1.0 / EventsPerSecond)))
            ],
            new ChaosProgram(
                "python3",
                [
                    Repository.PathOf("tests/publishers/chaos_publisher.py"),
                    $"{address}",
                    "py",
                    $"{half}",
                    $"{EventsPerSecond}",
                    .. users
                ]));
    }

    private static async Task<List<(string Key, string User, long Seq)>> EndAsync(List<ChaosPublisher> dotnet, ChaosProgram python)
    {
        var receipts = new List<(string Key, string User, long Seq)>();
        var said = python.EndAsync(string.Empty, Patience);
        foreach (var publisher in dotnet)
        {
            receipts.AddRange(await publisher.EndAsync(Patience));
            Assert.That(publisher.Rejected, Is.Empty);
        }

        foreach (var line in await said)
        {
            Assert.That(line.GetProperty("rejected").EnumerateArray(), Is.Empty, line.GetProperty("rejected").ToString());
            receipts.AddRange(line.GetProperty("receipts").EnumerateArray().Select(
                static receipt => (receipt[0].GetString()!, receipt[2].GetString()!, receipt[1].GetInt64())));
        }

        return receipts;
    }

    private static async Task JudgeAsync(
        ChaosServer chaos, List<ChaosReader> readers, List<ChaosProgram> programs, List<(string Key, string User, long Seq)> receipts)
    {
        // A reader without a past has all that is kept: each key that has a receipt is there, once, under the number of its receipt.
        var kept = new Dictionary<string, IReadOnlyDictionary<long, string>>(StringComparer.Ordinal);
        foreach (var user in receipts.Select(static receipt => receipt.User).Distinct(StringComparer.Ordinal))
        {
            var head = receipts.Where(receipt => receipt.User == user).Max(static receipt => receipt.Seq);
            await using var fresh = new ChaosReader(chaos.Direct, "fresh", user, joins: false);
            var reading = await fresh.EndAtAsync(head, Patience);
            kept[user] = reading.Frames.ToDictionary(static frame => frame.From, static frame => frame.Keys[0]);
            Assert.That(
                kept[user].Select(static pair => (pair.Value, pair.Key)),
                Is.EquivalentTo(receipts.Where(receipt => receipt.User == user).Select(static receipt => (receipt.Key, receipt.Seq))),
                $"every key of {user} is exactly one event");
        }

        var heads = kept.ToDictionary(static pair => pair.Key, static pair => pair.Value.Keys.Max(), StringComparer.Ordinal);
        var readings = new List<ChaosReading>();
        foreach (var reader in readers)
        {
            try
            {
                readings.Add(await reader.EndAtAsync(heads[reader.User], Patience));
            }
            catch (TimeoutException)
            {
                Assert.Fail($"{reader.Description} has not come to {heads[reader.User]}");
            }
        }

        foreach (var program in programs)
        {
            readings.AddRange((await program.EndAsync(JsonSerializer.Serialize(heads), Patience)).Select(Read));
        }

        TestContext.Out.WriteLine(
            $"{chaos.Kills} kills, {chaos.Cuts} connections cut, {chaos.Stalls} stalled; {receipts.Count} events published, "
            + $"{readings.Sum(static reading => reading.Frames.Sum(static frame => frame.Keys.Count))} handled by {readings.Count} "
            + $"clients in {readings.Sum(static reading => reading.Frames.Count)} frames, back "
            + $"{readers.Sum(static reader => reader.Recoveries)} times, "
            + $"{readings.Sum(static reading => reading.Lost.Count)} ranges told to be lost, of which nothing was kept");
        Assert.That(readings.SelectMany(reading => reading.Faults(kept[reading.User])).Take(20), Is.Empty);
    }

    private static ChaosReading Read(JsonElement line)
    {
        Assert.That(line.GetProperty("faults").EnumerateArray().Select(static fault => fault.GetString()), Is.Empty);
        return new ChaosReading(
            line.GetProperty("name").GetString()!,
            line.GetProperty("user").GetString()!,
            [
                .. line.GetProperty("frames").EnumerateArray().Select(static frame => new ChaosFrame(
                    frame[0].GetInt64(), frame[1].GetInt64(), [.. frame[2].EnumerateArray().Select(static key => key.GetString()!)]))
            ],
            [.. line.GetProperty("lost").EnumerateArray().Select(static range => (range[0].GetInt64(), range[1].GetInt64()))]);
    }
}
