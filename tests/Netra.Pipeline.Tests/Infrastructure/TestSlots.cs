using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Hosting;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>Makes slots for connections outside of a host.</summary>
internal static class TestSlots
{
    public static ConnectionSlots Create(int? maxConnections = null, int maxHandshakes = 1000, TimeProvider? time = null) => new(
        Options.Create(new ConnectionOptions { MaxConnections = maxConnections, MaxHandshakes = maxHandshakes }),
        new HostingOptions().ReservedHandles,
        new TestMeterFactory(),
        new ServedTime(time ?? TimeProvider.System),
        NullLogger<ConnectionSlots>.Instance);
}
