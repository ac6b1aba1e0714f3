using System.Text;
using System.Text.Json;
using Netra.Pipeline.Load.Checks;
using Netra.Pipeline.Load.Clients;

namespace Netra.Pipeline.Load.Publishing;

/// <summary>Publishes events over HTTP, and compares the receipts with them. One publishing at a time.</summary>
/// <param name="name">Names it in findings.</param>
/// <param name="shared">What all publishers of the run share.</param>
internal abstract class EventPublisher(string name, PublisherRun shared) : IAsyncDisposable
{
    private const int MaxTold = 300;

    /// <summary>Names it in findings.</summary>
    protected string Name => name;

    /// <summary>What it shares with the others.</summary>
    protected PublisherRun Shared => shared;

    /// <summary>Publishes events, in order. Waits as long as the server lets it wait.</summary>
    public abstract Task PublishAsync(IReadOnlyList<PublishedLine> lines, CancellationToken cancellationToken);

    /// <summary>Waits for the receipts that are missing.</summary>
    public abstract Task CompleteAsync(CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();

    /// <summary>What a server has answered, for people: its beginning.</summary>
    protected static string Quote(ReadOnlySpan<byte> answer)
        => Encoding.UTF8.GetString(answer[..Math.Min(answer.Length, MaxTold)]) + (answer.Length > MaxTold ? "…" : string.Empty);

    /// <summary>Takes a receipt.</summary>
    /// <param name="line">The event that it is for.</param>
    /// <param name="sentAt">When the event was sent.</param>
    /// <param name="receipt">The receipt, or the refusal.</param>
    protected void Take(in PublishedLine line, long sentAt, ReadOnlySpan<byte> receipt)
    {
        shared.ReceiptTimes.Record(MonotonicClock.Now - sentAt);
        var read = Read(receipt);
        if (read is { Status: null or "rejected", Code: { } code, Seq: >= 0 } && Refusals.IsKnown(code))
        {
            shared.Receipts.AddOrUpdate(code, 1, static (_, count) => count + 1);
            if (read.Seq == 0)
            {
                line.Stream.Refuse(line.Place, code);
            }
            else
            {
                // Numbered, but nobody knows whether it is stored: it may come.
                line.Stream.GiveUp(line.Place);
            }

            return;
        }

        if (read is not { Status: ("queued" or "stored" or "lagging") and var status, Seq: > 0, Id: not 0 })
        {
            shared.Findings.Add(
                FindingKind.WrongReceipt, line.Stream.UserId, $"event {line.Place} was answered by {name} with {Quote(receipt)}");
            line.Stream.GiveUp(line.Place);
            return;
        }

        shared.Receipts.AddOrUpdate(status, 1, static (_, count) => count + 1);
        line.Stream.Accept(line.Place, read.Seq, read.Id);
    }

    private static (string? Status, string? Code, long Seq, int Id) Read(ReadOnlySpan<byte> receipt)
    {
        string? status = null;
        string? code = null;
        var (seq, id) = (0L, 0);
        try
        {
            var reader = new Utf8JsonReader(receipt);
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != 1)
                {
                    continue;
                }

                if (reader.ValueTextEquals("seq"u8))
                {
                    reader.Read();
                    seq = reader.TryGetInt64(out var number) ? number : -1;
                }
                else if (reader.ValueTextEquals("id"u8))
                {
                    reader.Read();
                    id = reader.HasValueSequence ? 0 : EventId.Hash(reader.ValueSpan);
                }
                else if (reader.ValueTextEquals("code"u8))
                {
                    reader.Read();
                    code = reader.GetString();
                }
                else if (reader.ValueTextEquals("status"u8))
                {
                    reader.Read();
                    status = reader.TokenType == JsonTokenType.String ? Known(ref reader) : null;
                }
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // It is no receipt; whoever reads the answer says so.
            return (null, null, 0, 0);
        }

        return (status, code, seq, id);
    }

    private static string? Known(ref Utf8JsonReader reader)
        => reader.ValueTextEquals("queued"u8) ? "queued" : reader.ValueTextEquals("stored"u8) ? "stored" : reader.GetString();
}
