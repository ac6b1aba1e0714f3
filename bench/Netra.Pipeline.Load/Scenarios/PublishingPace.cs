using Netra.Pipeline.Load.Checks;
using Netra.Pipeline.Load.Clients;
using Netra.Pipeline.Load.Publishing;

namespace Netra.Pipeline.Load.Scenarios;

/// <summary>
/// When one publisher's events are due: evenly over its users and over time, whatever the server does. An event that a slow server makes
/// late keeps the time at which it was due, so that its latency counts from there and waiting is not omitted.
/// </summary>
/// <param name="options">The run.</param>
/// <param name="streams">The users whose events it publishes.</param>
/// <param name="publisher">What it publishes with.</param>
internal sealed class PublishingPace(LoadOptions options, PublishedStream[] streams, EventPublisher publisher)
{
    private const int MaxBatch = 128;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(1);
    private readonly List<PublishedLine> _batch = new(MaxBatch);

    // One a request goes out at once: its time must not be that of those before it.
    private readonly int _batchSize = publisher is SinglePublisher ? 1 : MaxBatch;
    private readonly long _begun = MonotonicClock.Now;

    /// <summary>Publishes a run for each user: its start, tokens, its end.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // The last one ends the run, and is published after the loop.
        var perUser = options switch
        {
            { IsSingle: true } => options.Events,
            { Events: > 0 } => Math.Max(1, options.Events - 1),
            _ => Math.Max(3, (long)(options.Rate * options.Duration.TotalSeconds)),
        };
        var perSecond = options.Rate * streams.Length;
        try
        {
            for (var next = 0L; next < perUser * streams.Length || IsEndless; next++)
            {
                if (IsEndless && MonotonicClock.Since(_begun) > options.Duration)
                {
                    break;
                }

                var due = perSecond > 0 ? _begun + (long)(next / perSecond * 1e9) : 0;
                if (due > MonotonicClock.Now)
                {
                    await FlushAsync(CancellationToken.None);
                    await WaitAsync(due, cancellationToken);
                }

                cancellationToken.ThrowIfCancellationRequested();
                var stream = streams[next % streams.Length];
                Add(stream, next < streams.Length && !options.IsSingle ? PublishedKind.Started : PublishedKind.Token, due);
                if (_batch.Count == _batchSize)
                {
                    await FlushAsync(CancellationToken.None);
                }
            }
        }
        finally
        {
            await EndRunsAsync();
        }
    }

    // Bursts without a number of events last as long as they are told to.
    private bool IsEndless => options is { Events: 0, Rate: 0 };

    private async Task EndRunsAsync()
    {
        foreach (var stream in streams)
        {
            if (stream.Published > 0 && !options.IsSingle)
            {
                Add(stream, PublishedKind.Completed, due: 0);
                if (_batch.Count == _batchSize)
                {
                    await FlushAsync(CancellationToken.None);
                }
            }
        }

        await FlushAsync(CancellationToken.None);
    }

    private void Add(PublishedStream stream, PublishedKind kind, long due)
    {
        var now = MonotonicClock.Now;
        due = due > 0 ? due : now;
        _batch.Add(new PublishedLine(stream, stream.Publish(now, due), due, kind));
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_batch.Count > 0)
        {
            await publisher.PublishAsync(_batch, cancellationToken);
            _batch.Clear();
        }
    }

    private static async Task WaitAsync(long due, CancellationToken cancellationToken)
    {
        var early = TimeSpan.FromTicks((due - MonotonicClock.Now) / TimeSpan.NanosecondsPerTick);
        if (early > TimeSpan.Zero)
        {
            await Task.Delay(early > Step ? early : Step, TimeProvider.System, cancellationToken);
        }
    }
}
