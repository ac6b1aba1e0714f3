using System.ComponentModel.DataAnnotations;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>The channel <c>email</c>. Configuration section <c>Netra:Alerting:Email</c>.</summary>
public sealed class EmailOptions
{
    /// <summary>The SMTP server. Default none: there is no such channel. Needs <see cref="From"/> and <see cref="Recipients"/>.</summary>
    public string? Host { get; set; }

    /// <summary>Its port. Range 1 to 65,535, default 587.</summary>
    [Range(1, 65_535)]
    public int Port { get; set; } = 587;

    /// <summary>How the connection is protected. Default <see cref="SmtpSecurity.StartTls"/>.</summary>
    [EnumDataType(typeof(SmtpSecurity))]
    public SmtpSecurity Security { get; set; } = SmtpSecurity.StartTls;

    /// <summary>
    /// The user name of the login. Default none: no login. Needs <see cref="Password"/>, and <see cref="Security"/> other than <see
    /// cref="SmtpSecurity.None"/> unless the server is this machine.
    /// </summary>
    public string? UserName { get; set; }

    /// <summary>The password. Default none. Needs <see cref="UserName"/>.</summary>
    public string? Password { get; set; }

    /// <summary>The sender: an address, with or without a name.</summary>
    public string? From { get; set; }

    /// <summary>The recipients: 1 to 100 addresses.</summary>
    public IList<string> Recipients { get; } = [];

    /// <summary>The recipients at the level <c>engineering</c>: up to 100 addresses. Default: <see cref="Recipients"/>.</summary>
    public IList<string> EngineeringRecipients { get; } = [];

    /// <summary>The recipients at the level <c>management</c>: up to 100 addresses. Default: <see cref="Recipients"/>.</summary>
    public IList<string> ManagementRecipients { get; } = [];

    /// <summary>The recipients at the level <c>executive</c>: up to 100 addresses. Default: <see cref="Recipients"/>.</summary>
    public IList<string> ExecutiveRecipients { get; } = [];
}

/// <summary>How a connection to an SMTP server is protected.</summary>
public enum SmtpSecurity
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>It begins unencrypted and changes to TLS before the login; a server that does not offer that is not used.</summary>
    StartTls,

    /// <summary>TLS from the first byte.</summary>
    Tls,
}
