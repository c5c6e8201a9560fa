//! Which words of another tracker are which facts here.
