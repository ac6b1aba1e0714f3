using FsCheck;

namespace Netra.Pipeline.Tests.Streams;

/// <summary>
/// A stream on the SQLite log against a simple model, over random scripts of everything that can happen to it:
/// emissions, devices that come, read, acknowledge and go, overflow, commits that fail, retention, unloading, a clean
/// restart and a process that ends at any moment.
/// </summary>
[Parallelizable(ParallelScope.All)]
internal sealed class DurableStreamModelTests
{
    private const int Steps = 60;

    [FsCheck.NUnit.Property(MaxTest = 12)]
    public async Task Stream_AnyLifeOnADisk_IsAsTheModelSays(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        await using var model = await DurableStreamModel.StartAsync(random);
        for (var step = 0; step < Steps; step++)
        {
            await (random.Next(16) switch
            {
                <= 4 => model.EmitAsync(random.Next(1, 14)),
                5 or 6 => model.ConnectAsync(),
                7 or 8 => model.ReadAsync(random.Next(1, 30)),
                9 => model.AcknowledgeAsync(),
                10 => model.DropAsync(),
                11 => model.WaitUntilStoredAsync(),
                12 => model.FailCommitsAsync(),
                13 => random.Next(3) == 0 ? model.ExpireAsync() : model.ReadAsync(5),
                14 => random.Next(2) == 0 ? model.UnloadAsync() : model.RestartAsync(),
                _ => model.CrashAsync(),
            });
            model.CheckBooks();
        }

        await model.CheckEverythingAsync();
    }
}
