#pragma warning disable CA1050, MA0047 // The runtime looks for this name outside of all namespaces.

using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.Win32.SafeHandles;

/// <summary>
/// Lets a test take from a server that runs as a process of its own what it needs. It listens on the Unix socket that NETRA_HARM_SOCKET
/// names: each line is a number of milliseconds for which no thread of the pool is to be had, or, after <c>handles </c>, for which all file
/// handles are taken that are free when it comes (<c>held</c> for the number: until another line comes); it is answered when that is over.
/// <c>collect</c> is answered with the bytes that are alive on the heap. Exceptions of tasks that nobody has observed go to the error
/// stream. One order at a time.
/// </summary>
internal static class StartupHook
{
    // The pool adds a thread or two a second to those that are blocked, and each new one finds another blocker
    // before it finds anything useful.
    private const int Blockers = 4_000;

    private const string Handles = "handles ";
    private const string Held = "handles held";
    private const string Collect = "collect";

    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable("NETRA_HARM_SOCKET") is { } path)
        {
            TaskScheduler.UnobservedTaskException += static (_, task) => Console.Error.WriteLine($"UNOBSERVED: {task.Exception}");
            new Thread(() => Listen(path)) { IsBackground = true, Name = "harm" }.Start();
        }
    }

    private static void Listen(string path)
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        while (true)
        {
            using var reader = new StreamReader(new NetworkStream(listener.Accept(), ownsSocket: true));
            var order = reader.ReadLine()!;
            if (order == Held)
            {
                TakeHandles(() => reader.ReadLine());
            }
            else if (order.StartsWith(Handles, StringComparison.Ordinal))
            {
                var milliseconds = int.Parse(order[Handles.Length..], CultureInfo.InvariantCulture);
                TakeHandles(() => Wait(milliseconds));
            }
            else if (order == Collect)
            {
                reader.BaseStream.Write(Encoding.ASCII.GetBytes(BytesAlive().ToString(CultureInfo.InvariantCulture)));
            }
            else
            {
                Starve(int.Parse(order, CultureInfo.InvariantCulture));
            }

            reader.BaseStream.WriteByte((byte)'\n');
        }
    }

    private static long BytesAlive()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static void Wait(int milliseconds)
    {
        using var over = new ManualResetEventSlim();
        over.Wait(milliseconds);
    }

    private static void TakeHandles(Action hold)
    {
        List<SafeFileHandle> taken = [];
        try
        {
            while (true)
            {
                taken.Add(File.OpenHandle("/dev/null"));
            }
        }
        catch (IOException)
        {
            // None is left.
        }

        hold();
        taken.ForEach(static handle => handle.Dispose());
    }

    private static void Starve(int milliseconds)
    {
        // Its own thread waits; the blockers hold the pool's.
        using var over = new ManualResetEventSlim();
        var left = new CountdownEvent(Blockers);
        for (var i = 0; i < Blockers; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                static state =>
                {
                    state.Over.Wait();
                    state.Left.Signal();
                },
                (Over: over, Left: left),
                preferLocal: false);
        }

        over.Wait(milliseconds);
        over.Set();
        left.Wait();
        left.Dispose();
    }
}
