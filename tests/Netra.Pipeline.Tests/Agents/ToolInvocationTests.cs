using Netra.Pipeline.Agents;

namespace Netra.Pipeline.Tests.Agents;

internal sealed class ToolInvocationTests
{
    [Test]
    public void Constructor_WithoutContext_IsRefused() =>
        Assert.That(() => new ToolInvocation("echo", "call-1", [], null!), Throws.ArgumentNullException);
}
