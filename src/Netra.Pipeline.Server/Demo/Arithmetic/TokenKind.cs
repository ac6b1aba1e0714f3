namespace Netra.Pipeline.Server.Demo.Arithmetic;

/// <summary>What a piece of an arithmetic expression is.</summary>
internal enum TokenKind
{
    Number,
    Operator,
    Open,
    Close,
    End,
}
