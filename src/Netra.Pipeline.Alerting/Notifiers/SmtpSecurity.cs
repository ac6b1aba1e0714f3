namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>How a connection to an SMTP server is protected.</summary>
public enum SmtpSecurity
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>It begins in the clear and becomes TLS before anything is said; a server that does not offer it is not used.</summary>
    StartTls,

    /// <summary>TLS from the first byte.</summary>
    Tls,
}
