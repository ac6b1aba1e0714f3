using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Netra.Pipeline.Tests.Networks;

/// <summary>
/// A machine of its own, as far as networks go: a namespace whose one way out is a device of which the test has the other end. Where none
/// can be made the test is ignored. Disposing removes it.
/// </summary>
internal sealed class NetworkSide : IDisposable
{
    private const string Device = "wire";

    private readonly string _name;

    private NetworkSide(string name, IPAddress address) => (_name, Address) = (name, address);

    public IPAddress Address { get; }

    /// <summary>The handle of the device, from which packets are read, and to which they are written.</summary>
    public int Wire { get; private set; }

    /// <summary>What a command begins with that is to run here.</summary>
    public IEnumerable<string> Command => ["ip", "netns", "exec", _name];

    public static NetworkSide Create(string name, string address)
    {
        var side = new NetworkSide($"netra-{name}-{Environment.ProcessId}", IPAddress.Parse(address));
        if (!OperatingSystem.IsLinux() || !File.Exists("/dev/net/tun") || Run("ip", "netns", "add", side._name) != 0)
        {
            Assert.Ignore("No network namespaces can be made here: that takes root, ip (iproute2) and /dev/net/tun.");
        }

        try
        {
            Must("link", "set", "lo", "up");
            side.Wire = side.Within(OpenDevice);
            Must("addr", "add", $"{address}/24", "dev", Device);
            Must("link", "set", Device, "up");
        }
        catch
        {
            side.Dispose();
            throw;
        }

        return side;

        void Must(params string[] arguments)
            => Assert.That(Run("ip", ["-n", side._name, .. arguments]), Is.Zero, string.Join(' ', arguments));
    }

    /// <summary>Does something here. A socket belongs to where it was made, whoever uses it later.</summary>
    public T Within<T>(Func<T> make)
    {
        T result = default!;
        Exception? failure = null;

        // The namespace is the thread's, which ends with it.
        var thread = new Thread(() =>
        {
            try
            {
                Enter();
                result = make();
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? result : throw new InvalidOperationException($"It does not work in {_name}.", failure);
    }

    /// <summary>A client for HTTP and WebSockets that is here.</summary>
    public HttpMessageInvoker CreateInvoker() => new(CreateHandler());

    /// <summary>What connects from here.</summary>
    public SocketsHttpHandler CreateHandler() => new()
    {
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = Within(static () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            try
            {
                socket.NoDelay = true;
                await socket.ConnectAsync(IPAddress.Parse(context.DnsEndPoint.Host), context.DnsEndPoint.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    };

    public void Dispose()
    {
        if (Wire > 0)
        {
            _ = NativeMethods.Close(Wire);
        }

        Run("ip", "netns", "del", _name);
    }

    private void Enter()
    {
        var handle = NativeMethods.Open($"/run/netns/{_name}", 0);
        if (handle < 0 || NativeMethods.SetNamespace(handle, NativeMethods.NetworkNamespace) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }

        _ = NativeMethods.Close(handle);
    }

    private static int OpenDevice()
    {
        var handle = NativeMethods.Open("/dev/net/tun", NativeMethods.ReadAndWrite);
        var request = new byte[40];
        Encoding.ASCII.GetBytes(Device, request);
        BitConverter.TryWriteBytes(request.AsSpan(16), NativeMethods.PacketsWithoutInformation);
        return handle >= 0 && NativeMethods.Control(handle, NativeMethods.SetInterface, request) == 0
            ? handle
            : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    private static int Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                UseShellExecute = false,
                RedirectStandardError = true,
            })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (Win32Exception)
        {
            // There is no such program.
            return -1;
        }
    }
}
