//! The closed vocabularies of webhooks. Each names the words of one of the application's; the compiler says when they
//! differ.

use async_graphql::Enum;

/// 推送状态: whether a webhook is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::app::WebhookState")]
pub(crate) enum WebhookState {
    /// 启用: events are sent.
    Enabled,
    /// 暂停: nothing is sent and nothing is lost.
    Paused,
    /// 已失效: it answered 410 Gone. Nothing is sent until it is resumed.
    Gone,
}

/// 变更: what was done to a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::app::WebhookAction")]
pub(crate) enum WebhookAction {
    /// 创建: it was created.
    Created,
    /// 修改: its address or what it hears was changed.
    Updated,
    /// 暂停: it was paused.
    Paused,
    /// 恢复: it was resumed.
    Resumed,
    /// 更换密钥: it got a new secret.
    SecretRotated,
    /// 删除: it was deleted.
    Deleted,
    /// 失效: it answered that it is gone, and was disabled by the server.
    Gone,
    /// 所有者失效: the tokens of its owner were revoked, or the owner was erased, and the server has paused it. Look where it sends to before you resume it, which makes it yours, or delete it.
    OwnerRevoked,
    /// 重发: a dead letter was sent for again.
    LetterReplayed,
    /// 丢弃: a dead letter was thrown away.
    LetterDiscarded,
}

/// 失败类别: why a delivery failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::app::FailureClass")]
pub(crate) enum DeliveryFailureClass {
    /// 状态码: it answered with a status other than 2xx.
    Status,
    /// 重定向: it answered with a redirect, which is not followed.
    Redirect,
    /// 已失效: it answered 410 Gone.
    Gone,
    /// 超时: it did not answer in time.
    Timeout,
    /// 域名: its name has no address.
    Name,
    /// 禁止的地址: its address is in a network that is not called.
    AddressForbidden,
    /// 内部错误: this server failed before the message was on its way.
    Internal,
    /// 连接: no connection could be made, TLS included.
    Connection,
    /// 中断: the connection broke, or what came was no HTTP.
    Interrupted,
}
