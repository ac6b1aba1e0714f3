using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Faults;

/// <summary>What goes wrong with the log, and with the books.</summary>
internal static class LogFaults
{
    public static IEnumerable<Fault> All()
    {
        yield return new(
            "log_full", "S1, P15", "The log cannot take more; emergency mode begins by itself", "emergency_mode",
            static async bench =>
            {
                bench.Log.Answer = static user => user.StartsWith('$') ? null : AppendResult.Full;
                await FaultBench.RaisesAsync(async () =>
                {
                    var waits = bench.Host.Services.GetRequiredService<EmissionWaits>();
                    var waiting = (await bench.EmitterAsync()).AgentStartedAsync("demo").AsTask();
                    while (!waiting.IsCompleted && waits.Refused.Total == 0)
                    {
                        // No longer than until it was refused: emergency mode is over soon.
                        await bench.PassAsync(1);
                    }

                    await waiting;
                });
            })
        {
            Settings = [("Netra:Emission:RoomTimeout", "00:00:02")],
            Code = FailureCode.LogFull,
            Heal = static bench => Do(() => bench.Log.Answer = static _ => null),
            Recovery = 140,
        };
        yield return new("log_refuses", "S2, P1", "The log has failed and takes nothing", "log_failed", static async bench =>
        {
            bench.Log.Answer = static user => user.StartsWith('$') ? null : AppendResult.Failed;
            await FaultBench.RaisesAsync(async () => await (await bench.EmitterAsync()).AgentStartedAsync("demo"));
        })
        {
            Code = FailureCode.LogFailed,
            Heal = static bench => Do(() => bench.Log.Answer = static _ => null),
        };
        yield return new("log_throws", "S1, P1", "Appending to the log throws", "log_failed", static async bench =>
        {
            bench.Log.AppendFault = static user => user.StartsWith('$') ? null : new IOException("Input/output error");
            await FaultBench.RaisesAsync(async () => await (await bench.EmitterAsync()).AgentStartedAsync("demo"));
        })
        {
            Code = FailureCode.LogFailed,
            Heal = static bench => Do(() => bench.Log.AppendFault = static _ => null),
        };
        yield return new(
            "log_in_trouble",
            "S0",
            "Nothing can be stored: the disk is full, or read-only",
            "log_trouble",
            static bench => Do(() => bench.Log.InTrouble = "disk full"))
        {
            Heal = static bench => Do(() => bench.Log.InTrouble = null),
        };
        yield return new(
            "data_files_lost",
            "+",
            "Somebody deletes, renames or replaces the data folder, or a file in it, under the running server",
            "data_files_lost",
            static bench => Do(() => (bench.Log.Lost, bench.Log.InTrouble) = ("netra.db was deleted", "netra.db was deleted")))
        {
            Heal = static bench => Do(() => (bench.Log.Lost, bench.Log.InTrouble) = (null, null)),
        };
        yield return new("log_cannot_be_read", "P9, P12", "What a page missed cannot be read", "log_failed", static async bench =>
        {
            var emitter = await bench.EmitterAsync();
            for (var i = 0; i < 40; i++)
            {
                await emitter.TokenAsync("x");
            }

            bench.Log.ReadFault = new IOException("Input/output error");
            await using var client = await TestClient.ConnectAsync(bench.Pipeline.SocketAddress("ada", "&seq=0"));
            await client.ReadToEndAsync();
        })
        {
            Code = FailureCode.LogFailed,
            Settings =
            [
                ("Netra:Streams:WindowEvents", "16"),
                ("Netra:Monitoring:RunLease", "01:00:00"),
                ("Netra:Monitoring:MaxRunSilence", "02:00:00"),
            ],
            Heal = static bench => Do(() => bench.Log.ReadFault = null),
        };
        yield return new(
            "retention_fails",
            "S3",
            "Old events cannot be deleted",
            "background_failed",
            static bench => Do(() => bench.Log.ExpireFault = new IOException("Input/output error")))
        {
            Code = FailureCode.BackgroundFailed,
            Heal = static bench => Do(() => bench.Log.ExpireFault = null),
        };
        yield return new(
            "retention_hangs", "+", "Deleting old events never comes back, and throws nothing", "stuck_loops",
            static bench => Do(() =>
            {
                bench.Host.HangingLoop = "retention";
                bench.Log.ExpireHang = bench.Hang;
            }))
        {
            Code = FailureCode.BackgroundFailed,
            Label = "retention",
            Window = 62,
            Heal = static bench => Do(bench.LetHangGo),
        };
        yield return new(
            "event_lost_by_the_writer", "P4, P5", "The log's writer loses an event that was accepted", "ledger_unaccounted",
            static async bench =>
            {
                bench.Log.Committed = static _ => 0;
                await (await bench.EmitterAsync()).AgentStartedAsync("demo");
                bench.Log.Committed = static events => events;
                await (await bench.EmitterAsync()).AgentThinkingAsync("?");
            })
        {
            Code = FailureCode.LedgerUnaccounted,
            Window = 3,
            Heal = static bench => bench.LetGoAsync(),
        };
        yield return new(
            "receipt_without_an_event", "P1, P5", "An emitter has a receipt for an event that nobody has", "ledger_unaccounted",
            static async bench =>
            {
                await (await bench.EmitterAsync()).AgentStartedAsync("demo");
                var stream = await bench.Pipeline.Streams.PinAsync("ada", CancellationToken.None);
                stream.Ledger.OnAccepted(2);
                stream.Pins.Remove();
            })
        {
            Code = FailureCode.LedgerUnaccounted,
            Window = 3,
            Heal = static bench => bench.LetGoAsync(),
        };
    }

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
