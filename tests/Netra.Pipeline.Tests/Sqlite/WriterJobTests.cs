using Netra.Pipeline.Sqlite;

namespace Netra.Pipeline.Tests.Sqlite;

[Parallelizable(ParallelScope.All)]
internal sealed class WriterJobTests
{
    [Test]
    public async Task Complete_Waiting_GetsTheResultAfterWhatFollowsFromIt()
    {
        var steps = new List<string>();
        var job = new WriterJob<int>(
            "test", _ => steps.Count, kept: (_, result) => steps.Add($"kept {result}"), unwanted: (_, _) => steps.Add("unwanted"));
        var waiting = job.WaitAsync(CancellationToken.None);

        job.Run(store: null!);
        Assert.That(waiting.IsCompleted, Is.False, "not before the commit");
        job.Complete(store: null!);

        Assert.That(await waiting, Is.Zero);
        Assert.That(steps, Is.EqualTo(new[] { "kept 0" }));
    }

    [Test]
    public async Task Complete_NobodyWaitsAnyMore_IsTakenBack()
    {
        var unwanted = new List<int>();
        var job = new WriterJob<int>("test", static _ => 7, unwanted: (_, result) => unwanted.Add(result));
        using var patience = new CancellationTokenSource();
        var waiting = job.WaitAsync(patience.Token).AsTask();

        job.Run(store: null!);
        await patience.CancelAsync();
        job.Complete(store: null!);

        Assert.That(async () => await waiting, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(job.IsOver, Is.True);
        Assert.That(unwanted, Is.EqualTo(new[] { 7 }));
    }

    [Test]
    public void Complete_WhatFollowsThrows_IsTheCallersFailureAndTakenBack()
    {
        var unwanted = 0;
        var job = new WriterJob<int>(
            "test", static _ => 7, kept: static (_, _) => throw new InvalidDataException("no"), unwanted: (_, _) => unwanted++);
        var waiting = job.WaitAsync(CancellationToken.None).AsTask();

        job.Run(store: null!);
        job.Complete(store: null!);

        Assert.That(async () => await waiting, Throws.InstanceOf<InvalidDataException>());
        Assert.That(unwanted, Is.EqualTo(1));
    }
}
