using System.Reflection;
using Netra.Pipeline.Telemetry;

namespace Netra.Pipeline.Tests.Telemetry;

public sealed class EventIdsTests
{
    [Test]
    public void EventIds_All_AreUnique()
    {
        var ids = typeof(EventIds).GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static)
            .Select(field => (int)field.GetRawConstantValue()!)
            .ToList();

        Assert.That(ids, Is.Not.Empty);
        Assert.That(ids, Is.Unique);
    }
}
