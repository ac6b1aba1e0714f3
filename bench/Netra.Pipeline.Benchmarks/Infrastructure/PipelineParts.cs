using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Benchmarks.Infrastructure;

/// <summary>The pipeline as the product wires it, ready, without a host: no listener, no tick.</summary>
internal sealed class PipelineParts : IAsyncDisposable
{
    public const string UserId = "user-0042";

    private readonly ServiceProvider _services;

    /// <param name="streams">Options of the streams.</param>
    /// <param name="log">The log; null for the in-memory one, or the SQLite one where there is a directory.</param>
    /// <param name="dataDirectory">Where the SQLite log is; the caller opens and closes it. Null for none.</param>
    /// <param name="sqlite">Its options.</param>
    public PipelineParts(
        Action<StreamOptions>? streams = null,
        IEventLog? log = null,
        string? dataDirectory = null,
        Action<SqliteEventLogOptions>? sqlite = null)
    {
        var services = new ServiceCollection();
        var settings = dataDirectory is null ? [] : new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Netra:DataDirectory"] = dataDirectory,
        };
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        services.AddLogging();
        if (log is not null)
        {
            services.AddSingleton(log);
        }

        var pipeline = services.AddNetraPipeline();
        if (log is null && dataDirectory is null)
        {
            pipeline.UseInMemoryEventLog();
        }

        services.Configure(sqlite ?? (static _ => { }));

        // Emptying is asked for between iterations; below this the log keeps what it has.
        services.Configure<InMemoryEventLogOptions>(static options => (options.RetainedBytes, options.MaxBytes) = (64 * 1024, 1L << 30));
        services.Configure(streams ?? (static _ => { }));
        _services = services.BuildServiceProvider();
        var bridge = _services.GetRequiredService<PipelineBridge>();
        bridge.BeginInitializing();
        bridge.BecomeReady();
    }

    public ConnectionOptions Connections { get; } = new();

    public IEventLog Log => _services.GetRequiredService<IEventLog>();

    public Task<UserStream> StreamAsync(string userId = UserId)
        => _services.GetRequiredService<StreamRegistry>().PinAsync(userId, CancellationToken.None).AsTask();

    public Task<EventEmitter> EmitterAsync()
    {
        var context = _services.GetRequiredService<UserExecutionContextFactory>().Create(UserId, "thread-7", "run-19");
        return _services.GetRequiredService<EventEmitterFactory>().CreateEmitterAsync(context).AsTask();
    }

    /// <summary>
    /// Attaches a connection from now on, or from a cursor, whose queue wakes nobody; its <c>welcome</c> is taken off already.
    /// </summary>
    public StreamSubscription Attach(UserStream stream, long? cursor = null)
    {
        var subscription = new StreamSubscription("c-1", new SendQueue(Connections.QueueLimits, static () => { }));
        var epoch = _services.GetRequiredService<StreamRegistry>().Epoch;
        stream.TryAttach(
            subscription,
            cursor is null ? ResumeRequest.FromNow : new ResumeRequest(epoch, cursor, From: null),
            static _ => "{}"u8.ToArray());
        subscription.Queue.TryDequeue(out _);
        return subscription;
    }

    /// <summary>Lets the log forget nearly everything, so that it neither fills up nor grows.</summary>
    public async Task EmptyLogAsync()
        => await Log.ExpireAsync(DateTimeOffset.MinValue, CancellationToken.None);

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
