using System.Diagnostics;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Tests.Contexts;

public sealed class TraceContextTests
{
    private const string Valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Test]
    public void TraceContext_Valid_KeepsBoth()
    {
        var trace = new TraceContext(Valid, "vendor=1");

        Assert.That(trace.TraceParent, Is.EqualTo(Valid));
        Assert.That(trace.TraceState, Is.EqualTo("vendor=1"));
    }

    [TestCase("")]
    [TestCase("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331")]
    [TestCase("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x")]
    [TestCase("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [TestCase("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01")]
    [TestCase("00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01")]
    [TestCase("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    [TestCase("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01")]
    [TestCase("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x")]
    [TestCase("00x0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    public void TraceContext_NotValid_ThrowsAndIsNotCreated(string traceParent)
    {
        Assert.That(() => new TraceContext(traceParent), Throws.ArgumentException);
        Assert.That(TraceContext.TryCreate(traceParent, null, out _), Is.False);
    }

    [TestCase("line\nbreak")]
    [TestCase("é")]
    public void TraceContext_TraceStateNotValid_ThrowsButFromOutsideIsDropped(string traceState)
    {
        Assert.That(() => new TraceContext(Valid, traceState), Throws.ArgumentException);
        Assert.That(TraceContext.TryCreate(Valid, traceState, out var trace), Is.True);
        Assert.That(trace!.TraceState, Is.Null);
    }

    [Test]
    public void OfCurrentActivity_W3C_IsThatActivity()
    {
        using var activity = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();

        Assert.That(TraceContext.OfCurrentActivity()!.TraceParent, Is.EqualTo(activity.Id));
    }

    [Test]
    public void OfCurrentActivity_Hierarchical_IsNone()
    {
        using var activity = new Activity("test").SetIdFormat(ActivityIdFormat.Hierarchical).Start();

        Assert.That(TraceContext.OfCurrentActivity(), Is.Null);
    }
}
