using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Netra.Pipeline.Delivery;

/// <summary>Signs what is posted, as Standard Webhooks 1.0 has it for symmetric keys. Safe from any thread.</summary>
internal sealed class WebhookSignature
{
    private const string Prefix = "whsec_";
    private const int MinBytes = 24;
    private const int MaxBytes = 64;

    private readonly byte[] _key;

    /// <param name="secret">A secret without a problem.</param>
    public WebhookSignature(string secret) => _key = Convert.FromBase64String(secret[Prefix.Length..]);

    /// <summary>What is wrong with a secret, without repeating it; null when nothing is.</summary>
    public static string? ProblemOf(string secret)
    {
        if (!secret.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return $"must begin with {Prefix}";
        }

        var key = new byte[secret.Length];
        return Convert.TryFromBase64String(secret[Prefix.Length..], key, out var length)
            ? length is >= MinBytes and <= MaxBytes ? null : $"holds {length} bytes; it must hold {MinBytes} to {MaxBytes}"
            : $"must be base64 after {Prefix}";
    }

    /// <summary>The value of the header <c>webhook-signature</c>.</summary>
    /// <param name="id">The header <c>webhook-id</c>.</param>
    /// <param name="timestamp">The header <c>webhook-timestamp</c>: Unix time in seconds.</param>
    /// <param name="body">The body.</param>
    public string Sign(string id, long timestamp, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.")));
        hash.AppendData(body);
        return "v1," + Convert.ToBase64String(hash.GetHashAndReset());
    }
}
