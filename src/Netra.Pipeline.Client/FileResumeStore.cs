using System.Text.Json;

namespace Netra.Pipeline.Client;

/// <summary>
/// Keeps the point in a file of its own, replaced as a whole. It survives the process; a loss of power may take it back to an earlier
/// one, whose events come again then.
/// </summary>
/// <param name="path">The file. Its folder must be there; nobody else may use it.</param>
public sealed class FileResumeStore(string path) : IResumeStore
{
    private const string Epoch = "epoch";
    private const string From = "from";
    private const string Seq = "seq";

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The file is not what this class has written.</exception>
    public async ValueTask<ResumePoint?> LoadAsync(CancellationToken cancellationToken)
    {
        byte[] bytes;
        try
        {
            bytes = await File.ReadAllBytesAsync(path, cancellationToken);
        }
        catch (FileNotFoundException)
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(bytes);
            var root = json.RootElement;
            var (from, seq) = (root.GetProperty(From).GetInt64(), root.GetProperty(Seq).GetInt64());
            return from >= 0 && seq >= from && root.GetProperty(Epoch).GetString() is { Length: > 0 } epoch
                ? new ResumePoint(epoch, from, seq)
                : throw new InvalidDataException($"'{path}' has no valid point");
        }
        catch (Exception exception)
            when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new InvalidDataException($"'{path}' is not a file of {nameof(FileResumeStore)}", exception);
        }
    }

    /// <inheritdoc/>
    public async ValueTask SaveAsync(ResumePoint point, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(point);
        using var buffer = new MemoryStream();
        await using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString(Epoch, point.Epoch);
            json.WriteNumber(From, point.From);
            json.WriteNumber(Seq, point.Seq);
            json.WriteEndObject();
        }

        var next = path + ".next";
        await File.WriteAllBytesAsync(next, buffer.ToArray(), cancellationToken);
        File.Move(next, path, overwrite: true);
    }
}
