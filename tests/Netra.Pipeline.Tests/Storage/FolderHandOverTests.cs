using Microsoft.Extensions.Logging.Abstractions;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Storage;

/// <summary>Two processes, played by two objects: locks belong to open files, not to processes.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class FolderHandOverTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Test]
    public void Take_FolderIsHeldAndNobodyMayWait_IsRefusedAtOnce()
    {
        using var folder = new Folder();
        using var second = folder.Process(TimeSpan.Zero);

        var refusal = Assert.ThrowsAsync<InvalidOperationException>(
            () => second.TakeAsync<object>(static () => null, static reason => new InvalidOperationException(reason), default));

        Assert.That(refusal!.Message, Does.Contain("another process holds it").And.Contain("Netra:Hosting:WaitForFolder"));
    }

    [Test]
    public void Take_FolderIsHeldForLongerThanItMayWait_SaysWhatToDo()
    {
        using var folder = new Folder();
        using var second = folder.Process(TimeSpan.FromMilliseconds(50));

        var refusal = Assert.ThrowsAsync<InvalidOperationException>(
            () => second.TakeAsync<object>(static () => null, static reason => new InvalidOperationException(reason), default));

        Assert.That(refusal!.Message, Does.Contain("for 00:00:00.0500000").And.Contain("Netra:Hosting:HandOver"));
        using var third = folder.Process(TimeSpan.Zero);
        Assert.That(third.IsSuccessorWaiting, Is.False, "nobody waits any more");
    }

    [Test]
    public async Task Leave_SomebodyWaits_ListensBeforeTheFolderIsFree()
    {
        using var folder = new Folder();
        using var first = folder.Process(TimeSpan.Zero);
        using var second = folder.Process(Patience);
        await first.TakeAsync(static () => "the folder", Refuse, default);
        Assert.That(first.IsSuccessorWaiting, Is.False);
        var (isFree, hasListened) = (false, false);
        second.PredecessorLeaving += (_, _) => hasListened = !Volatile.Read(ref isFree);

        var taking = second.TakeAsync(() => Volatile.Read(ref isFree) ? "the folder" : null, Refuse, default);
        await Eventually.BecomesTrueAsync(() => first.IsSuccessorWaiting, "it waits");
        Assert.That(await first.LeaveAsync(Patience, default), Is.True);
        Assert.That(hasListened, Is.True);
        Volatile.Write(ref isFree, true);
        Assert.That(await taking, Is.EqualTo("the folder"));
        Assert.That(first.IsSuccessorWaiting, Is.False);
    }

    [Test]
    public async Task Leave_NobodyAnswers_GoesAllTheSame()
    {
        using var folder = new Folder();
        using var first = folder.Process(TimeSpan.Zero);

        Assert.That(await first.LeaveAsync(TimeSpan.FromMilliseconds(50), default), Is.False);
    }

    private static InvalidOperationException Refuse(string reason) => new(reason);

    private sealed class Folder : IDisposable
    {
        private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("netra-handover-");

        public FolderHandOver Process(TimeSpan patience)
            => new(_directory.FullName, patience, NullLogger<FolderHandOver>.Instance, TimeProvider.System);

        public void Dispose() => _directory.Delete(recursive: true);
    }
}
