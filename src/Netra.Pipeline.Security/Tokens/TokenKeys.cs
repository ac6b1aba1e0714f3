using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace Netra.Pipeline.Security.Tokens;

/// <summary>Reads keys from the configuration. Pure functions, but for files.</summary>
internal static class TokenKeys
{
    private const int FewestSecretBytes = 32;
    private const int FewestRsaBits = 2048;

    /// <summary>Reads one key.</summary>
    /// <param name="options">Where it is.</param>
    /// <exception cref="InvalidDataException">It is not a key; the message says why, without showing it.</exception>
    public static SecurityKey Read(TokenKeyOptions options)
    {
        if (new[] { options.Secret, options.Pem, options.File }.Count(static text => !string.IsNullOrEmpty(text)) != 1)
        {
            throw new InvalidDataException("it needs one of Secret, Pem and File");
        }

        SecurityKey key = options.Secret is { Length: > 0 } secret ? OfSecret(secret) : OfPem(PemOf(options));
        key.KeyId = options.KeyId;
        return key;
    }

    /// <summary>Reads a JSON Web Key Set.</summary>
    /// <param name="json">The set.</param>
    /// <param name="allowSecrets">
    /// Whether it may have symmetric keys; those of a set that everybody can fetch would be known to all.
    /// </param>
    /// <exception cref="InvalidDataException">It is not one, or has no key that can check signatures.</exception>
    public static IReadOnlyList<SecurityKey> ReadSet(string json, bool allowSecrets)
    {
        try
        {
            return Checked(JsonWebKeySet.Create(json).Keys.Where(static key => key.Use is null or "" or "sig"), allowSecrets);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or System.Text.Json.JsonException)
        {
            // The library decodes a key when it is first asked how long it is.
            throw new InvalidDataException("it is not a JSON Web Key Set (RFC 7517)", exception);
        }
    }

    /// <summary>The keys that may be used.</summary>
    /// <inheritdoc cref="ReadSet"/>
    public static IReadOnlyList<SecurityKey> Checked(IEnumerable<SecurityKey> found, bool allowSecrets)
    {
        SecurityKey[] keys = [.. found.Where(key => IsStrong(key) && (allowSecrets || !IsSecret(key)))];
        return keys.Length > 0 ? keys : throw new InvalidDataException("it has no key that signatures can be checked with");
    }

    private static bool IsSecret(SecurityKey key) => key is SymmetricSecurityKey or JsonWebKey { Kty: JsonWebAlgorithmsKeyTypes.Octet };

    private static bool IsStrong(SecurityKey key) => IsSecret(key)
        ? key.KeySize >= FewestSecretBytes * 8
        : key is not (RsaSecurityKey or JsonWebKey { Kty: JsonWebAlgorithmsKeyTypes.RSA } or X509SecurityKey)
            || key.KeySize >= FewestRsaBits;

    private static SymmetricSecurityKey OfSecret(string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        return bytes.Length >= FewestSecretBytes
            ? new SymmetricSecurityKey(bytes)
            : throw new InvalidDataException($"its Secret has {bytes.Length} bytes, and needs at least {FewestSecretBytes}");
    }

    private static string PemOf(TokenKeyOptions options)
    {
        if (options.Pem is { Length: > 0 } pem)
        {
            return pem;
        }

        try
        {
            return File.ReadAllText(options.File!);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"its File cannot be read: {exception.Message}", exception);
        }
    }

    private static AsymmetricSecurityKey OfPem(string pem)
    {
        // A private key would do as well, but does not belong on a server that only checks.
        if (pem.Contains("PRIVATE KEY", StringComparison.Ordinal))
        {
            throw new InvalidDataException("it is a private key; give the public one");
        }

        var rsa = RSA.Create();
        if (TryImport(rsa, pem))
        {
            return rsa.KeySize >= FewestRsaBits
                ? new RsaSecurityKey(rsa)
                : throw new InvalidDataException($"its RSA key has {rsa.KeySize} bits, and needs at least {FewestRsaBits}");
        }

        rsa.Dispose();
        var curve = ECDsa.Create();
        if (TryImport(curve, pem))
        {
            return new ECDsaSecurityKey(curve);
        }

        curve.Dispose();
        throw new InvalidDataException("it is not an RSA or EC public key in PEM form");
    }

    private static bool TryImport(AsymmetricAlgorithm key, string pem)
    {
        try
        {
            key.ImportFromPem(pem);
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException)
        {
            // Another kind of key, or none.
            return false;
        }
    }
}
