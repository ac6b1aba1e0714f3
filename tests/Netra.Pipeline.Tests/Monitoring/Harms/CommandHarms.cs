using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Commands;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>Backends that are away, slow, or cannot be asked, while commands wait for them: in virtual time.</summary>
internal static class CommandHarms
{
    private const string Backend = "";

    public static IEnumerable<Harm> All()
    {
        yield return new(
            "backend_away_for_a_minute", Guard.Commands,
            "A backend that gets the messages of pages is deployed anew, and away for a minute",
            "a page that has sent a message, the backend",
            "there were no commands")
        {
            Full = TimeSpan.FromMinutes(1),
            Short = TimeSpan.FromMinutes(1),
            HappensInVirtualTime = static async bench =>
            {
                await bench.OpenAsync("ada");
                var registry = bench.Host.Services.GetRequiredService<CommandRegistry>();
                (await OpenAsync(bench)).Dispose();
                await SendAsync(bench);
                await bench.PassAsync(60);
                using var back = await OpenAsync(bench);
                bench.Expect(back.TryTake(out _), "the message did not wait for its backend");
                await TakeAsync(bench, registry);
            },
        };
        yield return new(
            "process_stopped_while_a_message_waits", Guard.Commands,
            "A laptop with the server on it sleeps for three hours while a message waits for its backend",
            "a page that has sent a message",
            "there were no commands")
        {
            Full = TimeSpan.FromHours(3),
            Short = TimeSpan.FromHours(3),
            HappensInVirtualTime = static async bench =>
            {
                await bench.OpenAsync("ada");
                var registry = bench.Host.Services.GetRequiredService<CommandRegistry>();
                (await OpenAsync(bench)).Dispose();
                await SendAsync(bench);
                bench.Time.StandStill(TimeSpan.FromHours(3));
                await bench.PassAsync(10);
                using var back = await OpenAsync(bench);
                bench.Expect(back.TryTake(out _), "the message has expired though nobody could have been asked");
                await TakeAsync(bench, registry);
            },
        };
        yield return new(
            "backend_slow_to_acknowledge", Guard.Commands,
            "A backend takes nearly its whole lease to acknowledge, while others of its publisher read too",
            "the backend: nobody else gets what it works on",
            "there were no commands")
        {
            Full = TimeSpan.FromSeconds(14),
            Short = TimeSpan.FromSeconds(14),
            HappensInVirtualTime = static async bench =>
            {
                await bench.OpenAsync("ada");
                var registry = bench.Host.Services.GetRequiredService<CommandRegistry>();
                using var slow = await OpenAsync(bench);
                await SendAsync(bench);
                using var other = await OpenAsync(bench);
                bench.Expect(slow.TryTake(out _), "the reader did not get the message");
                await bench.PassAsync(14);
                bench.Expect(!other.TryTake(out _), "the message was given to a second reader");
                await TakeAsync(bench, registry);
                await bench.PassAsync(20);
                bench.Expect(!other.TryTake(out _) && !slow.TryTake(out _), "the message was given again after it was taken");
            },
        };
    }

    private static Task<CommandReader> OpenAsync(VirtualBench bench)
    {
        var registry = bench.Host.Services.GetRequiredService<CommandRegistry>();
        var opening = registry.OpenReaderAsync(Backend, request: null, wantsMessages: true, CancellationToken.None).AsTask();
        return MonitoredHost.WhileTimePassesAsync(bench.Time, opening);
    }

    private static async Task SendAsync(VirtualBench bench)
    {
        var messages = bench.Host.Services.GetRequiredService<UserMessages>();
        var chat = new ChatMessage("m1", "t1", "Hi", Data: null);
        var answer = await MonitoredHost.WhileTimePassesAsync(
            bench.Time, messages.TakeAsync("ada", chat, handle: null, CancellationToken.None).AsTask());
        bench.Expect(answer is { IsTaken: false, Refusal: null }, $"the message was answered {answer}");
    }

    private static async Task TakeAsync(VirtualBench bench, CommandRegistry registry)
    {
        var id = (await bench.Host.Services.GetRequiredService<IEventLog>().Commands.ReadUntakenAsync(CancellationToken.None))
            .Single().CommandId;
        await MonitoredHost.WhileTimePassesAsync(bench.Time, AcknowledgeAsync());
        await bench.PassAsync(5);

        async Task<bool> AcknowledgeAsync()
        {
            await registry.AcknowledgeAsync(Backend, id);
            return true;
        }
    }
}
