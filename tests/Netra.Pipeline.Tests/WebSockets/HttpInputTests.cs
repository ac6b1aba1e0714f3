using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Tests.WebSockets;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class HttpInputTests
{
    [Test]
    public async Task Read_LastBytesAndTheEnd_ComeOneAfterTheOther()
    {
        var input = await EndedAsync("abc");

        var bytes = await input.ReadAsync();
        Assert.That((Encoding.ASCII.GetString(bytes.Buffer), bytes.IsCompleted), Is.EqualTo(("abc", false)));
        input.AdvanceTo(bytes.Buffer.End);

        var end = await input.ReadAsync();
        Assert.That((end.Buffer.IsEmpty, end.IsCompleted), Is.EqualTo((true, true)));
    }

    // Whoever has looked at everything and wants more is told that there is no more, or would ask for ever.
    [Test]
    public async Task Read_EverythingExaminedAndNotAllTaken_TellsTheEnd()
    {
        var input = await EndedAsync("abc");
        var bytes = await input.ReadAsync();
        input.AdvanceTo(bytes.Buffer.GetPosition(1), bytes.Buffer.End);

        var rest = await input.ReadAsync().AsTask().WaitAsync(TestClient.Patience);

        Assert.That((Encoding.ASCII.GetString(rest.Buffer), rest.IsCompleted), Is.EqualTo(("bc", true)));
    }

    [Test]
    public async Task Read_PartTaken_GoesOnWithTheRestFirst()
    {
        var input = await EndedAsync("abc");
        var head = await input.ReadAsync();
        input.AdvanceTo(head.Buffer.GetPosition(1));

        Assert.That(input.TryRead(out var body), Is.True);
        Assert.That((Encoding.ASCII.GetString(body.Buffer), body.IsCompleted), Is.EqualTo(("bc", false)));
        input.AdvanceTo(body.Buffer.End);

        Assert.That((await input.ReadAsync()).IsCompleted, Is.True);
    }

    [Test]
    public async Task Read_Nothing_IsTheEndAtOnce()
        => Assert.That((await (await EndedAsync(string.Empty)).ReadAsync()).IsCompleted, Is.True);

    [Test]
    public async Task End_WhileNothingComes_EndsTheWait()
    {
        var input = await OpenAsync(string.Empty);
        var reading = input.ReadAsync();

        input.End();

        var end = await reading.AsTask().WaitAsync(TestClient.Patience);
        Assert.That((end.Buffer.IsEmpty, end.IsCompleted, end.IsCanceled), Is.EqualTo((true, true, false)));
    }

    [Test]
    public async Task End_HalfARequestHasCome_IsGivenOnceMoreAndThenEnds()
    {
        var input = await OpenAsync("abc");
        var half = await input.ReadAsync();
        input.AdvanceTo(half.Buffer.Start, half.Buffer.End);
        var reading = input.ReadAsync();

        input.End();

        var again = await reading.AsTask().WaitAsync(TestClient.Patience);
        Assert.That((Encoding.ASCII.GetString(again.Buffer), again.IsCompleted), Is.EqualTo(("abc", false)));
        input.AdvanceTo(again.Buffer.Start, again.Buffer.End);
        var end = await input.ReadAsync().AsTask().WaitAsync(TestClient.Patience);
        Assert.That((Encoding.ASCII.GetString(end.Buffer), end.IsCompleted), Is.EqualTo(("abc", true)));
    }

    private static async Task<PipeReader> EndedAsync(string text)
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(text));
        await pipe.Writer.CompleteAsync();
        return Over(pipe).Input;
    }

    private static async Task<HttpInput> OpenAsync(string text)
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(text));
        return Over(pipe);
    }

    private static HttpInput Over(Pipe pipe)
        => new(new DefaultConnectionContext { Transport = new MemoryTransport(pipe.Reader, new Pipe().Writer) }, TestSlots.Create());
}
