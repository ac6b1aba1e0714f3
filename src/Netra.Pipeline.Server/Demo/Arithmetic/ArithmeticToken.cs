namespace Netra.Pipeline.Server.Demo.Arithmetic;

/// <summary>One piece of an arithmetic expression.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Symbol">The operator or parenthesis; for a number and for the end it has no meaning.</param>
/// <param name="Value">The number; for everything else it has no meaning.</param>
/// <param name="Position">Where it begins, counted from 1 as people count.</param>
internal readonly record struct ArithmeticToken(TokenKind Kind, char Symbol, decimal Value, int Position);
